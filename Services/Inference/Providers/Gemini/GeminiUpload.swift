import Foundation
import NIOCore

/// Reduces a request by uploading its largest files.
struct GeminiUpload {
    /// The number of bytes by which the request is too large.
    let excess: Int
    let files: GeminiFiles

    /// Replaces the data of the largest files by their addresses after an upload; equal data is uploaded once.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` if the task is cancelled.
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

    /// The data of all files with their types and numbers of occurrences.
    private static func largestFirst(_ conversation: GeminiConversation) -> [(data: String, type: String, count: Int)] {
        var found: [String: (type: String, count: Int)] = [:]
        for case .data(let data, let type) in conversation.contents.lazy.flatMap(\.parts) {
            found[data, default: (type, 0)].count += 1
        }
        return found.map { (data: $0.key, type: $0.value.type, count: $0.value.count) }
            .sorted { $0.data.utf8.count * $0.count > $1.data.utf8.count * $1.count }
    }
}
