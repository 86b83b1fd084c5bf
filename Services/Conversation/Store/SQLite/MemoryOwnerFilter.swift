import Synchronization

/// A set of users of fixed size that answers "no" with certainty, and "yes" also for a few others (a Bloom filter).
///
/// With 100,000 users in it, it is wrong for about one of 200,000 others. Deleted users remain until the next start.
final class MemoryOwnerFilter: Sendable {
    /// Number of bits: 1 MiB.
    private static let bitCount: UInt64 = 1 << 23
    private static let hashCount: UInt64 = 4

    private struct State {
        var words = [UInt64](repeating: 0, count: Int(MemoryOwnerFilter.bitCount / 64))
        var isEmpty = true
    }

    private let state = Mutex(State())

    var isEmpty: Bool { state.withLock { $0.isEmpty } }

    func insert(_ user: String) {
        state.withLock { state in
            state.isEmpty = false
            Self.forEachBit(of: user) { word, bit in state.words[word] |= bit }
        }
    }

    func mayContain(_ user: String) -> Bool {
        state.withLock { state in
            guard !state.isEmpty else { return false }
            var contains = true
            Self.forEachBit(of: user) { word, bit in contains = contains && state.words[word] & bit != 0 }
            return contains
        }
    }

    private static func forEachBit(of user: String, _ body: (Int, UInt64) -> Void) {
        let hash = UInt64(bitPattern: FoldedText.hash(user.utf8))
        let step = (hash >> 32) | 1
        for round in 0..<hashCount {
            let bit = (hash &+ round &* step) % bitCount
            body(Int(bit / 64), 1 << (bit % 64))
        }
    }
}
