import Crypto
import Foundation
import Synchronization

/// A cache of the files that Gemini has, by their content.
///
/// Thread-safe.
final class GeminiFileCache: Sendable {
    /// A file by its content, its type and its owner.
    struct Key: Hashable, Sendable {
        private let digest: [UInt8]
        private let type: String
        private let owner: Int?

        /// - Parameters:
        ///   - data: the file as base64.
        ///   - type: the media type.
        ///   - owner: the number of the key that uploaded the file; a file can be used with this key only.
        init(data: String, type: String, owner: Int? = nil) {
            self.owner = owner
            digest = Array(SHA256.hash(data: Data(data.utf8)))
            self.type = type
        }
    }

    private struct Entry {
        var uri: String
        var expiry: ContinuousClock.Instant
    }

    /// Gemini deletes files after 48 hours.
    private static let lifetime = Duration.seconds(46 * 3600)

    private let limit: Int
    private let entries = Mutex<[Key: Entry]>([:])

    /// - Parameter limit: the maximum number of files.
    init(limit: Int = 10_000) {
        self.limit = limit
    }

    /// The URI of a file that Gemini still has.
    func uri(of key: Key, at now: ContinuousClock.Instant = .now) -> String? {
        entries.withLock { entries in
            guard let entry = entries[key] else { return nil }
            guard entry.expiry > now else {
                entries[key] = nil
                return nil
            }
            return entry.uri
        }
    }

    func store(_ uri: String, of key: Key, at now: ContinuousClock.Instant = .now) {
        entries.withLock { entries in
            if entries.count >= limit, entries[key] == nil {
                entries = entries.filter { $0.value.expiry > now }
                // The oldest half makes room, so that the next removal is far away.
                if entries.count >= limit {
                    let oldest = entries.sorted { $0.value.expiry < $1.value.expiry }.prefix(max(1, limit / 2))
                    for (key, _) in oldest { entries[key] = nil }
                }
            }
            entries[key] = Entry(uri: uri, expiry: now + Self.lifetime)
        }
    }

    /// Forgets files that Gemini no longer has.
    func remove(_ uris: Set<String>) {
        entries.withLock { entries in entries = entries.filter { !uris.contains($0.value.uri) } }
    }
}
