import Foundation
import NIOCore

/// Makes a request smaller by uploading the largest of its files, as many as must be.
struct GeminiUpload {
    /// By how many bytes the request is too large.
    let excess: Int
    let files: GeminiFiles

    /// Puts the names of uploaded files in the place of their data; the same data is uploaded once.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` when the caller leaves.
    func moveOut(of conversation: inout GeminiConversation, until deadline: ContinuousClock.Instant) async throws {
        var uris: [String: String] = [:]
        var saved = 0
        let largest = try await WorkerThreads.run { [conversation] in Self.largestFirst(conversation) }
        for (data, type, count) in largest where saved < excess {
            // Data that is not base64 was rejected before.
            guard let bytes = try await WorkerThreads.run({ Data(base64Encoded: data).map(ByteBuffer.init(bytes:)) })
            else { continue }
            uris[data] = try await files.upload(bytes, type: type, until: deadline)
            saved += data.utf8.count * count
        }
        conversation = try await WorkerThreads.run { [conversation, uris] in
            var conversation = conversation
            conversation.replace { part in
                guard case .data(let data, let type) = part, let uri = uris[data] else { return part }
                return .file(uri, type: type)
            }
            return conversation
        }
    }

    /// The data of all files, with their types and how often each is there.
    private static func largestFirst(_ conversation: GeminiConversation) -> [(data: String, type: String, count: Int)] {
        var found: [String: (type: String, count: Int)] = [:]
        for case .data(let data, let type) in conversation.contents.lazy.flatMap(\.parts) {
            found[data, default: (type, 0)].count += 1
        }
        return found.map { (data: $0.key, type: $0.value.type, count: $0.value.count) }
            .sorted { $0.data.utf8.count * $0.count > $1.data.utf8.count * $1.count }
    }
}
