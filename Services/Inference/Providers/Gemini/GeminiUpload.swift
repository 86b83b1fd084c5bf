import Foundation
import NIOCore

/// Reduces a request by uploading its largest files.
struct GeminiUpload {
    /// The number of bytes by which the request is too large.
    let excess: Int
    let files: GeminiFiles
    let cache: GeminiFileCache
    /// The number of the key that uploads the files.
    let owner: Int?

    /// The data of a file in a request.
    private struct File {
        var data: String
        var type: String
        /// The number of occurrences.
        var count: Int
        var key: GeminiFileCache.Key

        /// The size of all occurrences, in bytes.
        var size: Int { data.utf8.count * count }
    }

    /// Replaces the data of the largest files by their addresses; a file that Gemini still has is not uploaded again.
    ///
    /// Returns the addresses from the cache, which may be out of date.
    ///
    /// Throws a ``ProviderError``, or `CancellationError` if the task is cancelled.
    func moveOut(
        of conversation: inout GeminiConversation,
        until deadline: ContinuousClock.Instant
    ) async throws -> Set<String> {
        var uris: [GeminiFileCache.Key: String] = [:]
        var cached: Set<String> = []
        var saved = 0
        let largest = try await WorkerThreads.run { [self, conversation] in largestFirst(conversation) }
        for file in largest where saved < excess {
            if let uri = cache.uri(of: file.key) {
                uris[file.key] = uri
                cached.insert(uri)
            } else if let uri = try await upload(file, until: deadline) {
                uris[file.key] = uri
                cache.store(uri, of: file.key)
            } else {
                continue
            }
            saved += file.size
        }
        conversation = try await WorkerThreads.run { [conversation, uris, owner] in
            var conversation = conversation
            conversation.replace { part in
                guard case .data(let data, let type) = part,
                    let uri = uris[GeminiFileCache.Key(data: data, type: type, owner: owner)]
                else { return part }
                return .file(uri, type: type)
            }
            return conversation
        }
        return cached
    }

    /// Uploads a file; `nil` for data that is not base64, which was rejected before.
    private func upload(_ file: File, until deadline: ContinuousClock.Instant) async throws -> String? {
        let data = file.data
        guard let bytes = try await WorkerThreads.run({ Data(base64Encoded: data).map(ByteBuffer.init(bytes:)) }) else {
            return nil
        }
        return try await files.upload(bytes, type: file.type, until: deadline)
    }

    private func largestFirst(_ conversation: GeminiConversation) -> [File] {
        var found: [GeminiFileCache.Key: File] = [:]
        for case .data(let data, let type) in conversation.contents.lazy.flatMap(\.parts) {
            let key = GeminiFileCache.Key(data: data, type: type, owner: owner)
            found[key, default: File(data: data, type: type, count: 0, key: key)].count += 1
        }
        return found.values.sorted { $0.size > $1.size }
    }
}
