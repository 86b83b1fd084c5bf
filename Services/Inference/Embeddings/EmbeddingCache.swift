import Contracts
import Crypto
import Metrics
import Synchronization

/// A cache of vectors in memory, by target, dimensions and text, bounded by its size; the least recently used leave first.
///
/// Entries expire, because a model can change under its name. Thread-safe.
final class EmbeddingCache: Sendable {
    /// Identifies a vector: a hash, so that no text is kept.
    struct Key: Hashable, Sendable {
        private let words: [UInt64]

        /// Hashes the text; runs on worker threads.
        init(target: String, dimensions: Int?, item: EmbeddingItem) {
            var hash = SHA256()
            hash.update(bytes: "\(target)\n\(dimensions ?? 0)\n")
            switch item {
            case .text(let text): hash.update(bytes: "text\n" + text)
            case .tokens(let numbers): numbers.withUnsafeBytes { hash.update(bufferPointer: $0) }
            }
            words = hash.finalize().withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
        }
    }

    struct Entry: Sendable {
        let vector: String
        let dimensions: Int
        /// The text's share of the tokens of its batch.
        let tokens: Int
        let isEstimated: Bool
    }

    /// How long an entry is used.
    private static let lifetime = Duration.seconds(3600)
    /// The memory of an entry besides its vector, in bytes.
    private static let overhead = 256

    private let entries: Mutex<RecentEntries<Key, (entry: Entry, expiry: ContinuousClock.Instant)>>

    /// Creates a cache of at most `limit` bytes; 0 for none.
    init(limit: Int) {
        entries = Mutex(RecentEntries(limit: limit))
    }

    /// The entries of the keys, in their order.
    func entries(_ keys: [Key], at now: ContinuousClock.Instant = .now) -> [Entry?] {
        let found = entries.withLock { entries in
            keys.map { key -> Entry? in
                guard let (entry, expiry) = entries.use(key) else { return nil }
                guard expiry > now else {
                    entries.remove(key)
                    return nil
                }
                return entry
            }
        }
        let hits = found.count { $0 != nil }
        Self.count(hits, "hit")
        Self.count(keys.count - hits, "miss")
        return found
    }

    func store(_ entry: Entry, of key: Key, at now: ContinuousClock.Instant = .now) {
        entries.withLock {
            $0.set((entry, now + Self.lifetime), of: key, size: entry.vector.utf8.count + Self.overhead)
        }
    }

    func remove(_ keys: [Key]) {
        entries.withLock { entries in
            for key in keys { entries.remove(key) }
        }
    }

    private static func count(_ number: Int, _ outcome: String) {
        guard number > 0 else { return }
        Counter(label: "inference_embedding_cache", dimensions: [("outcome", outcome)]).increment(by: number)
    }
}

extension SHA256 {
    fileprivate mutating func update(bytes text: String) {
        var text = text
        text.withUTF8 { update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }
}
