import Foundation
import GRDB

/// The table `memory_words`: for each owner and word, the numbers of the memories with the word.
///
/// A row has a hash of the word, not the word. It is deleted with the memory, so nothing of a deleted memory is left.
enum MemoryWordRows {
    /// Maximum number of memories that are read for a word, newest first: a word that more memories contain says little.
    private static let postingLimit = 1000

    static func insert(
        _ words: [Int64],
        of memory: Int64,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        for word in words {
            try connection.run(
                "INSERT INTO memory_words (owner, word, memory) VALUES (?, ?, ?)",
                [owner, word, memory]
            )
        }
    }

    static func delete(
        _ words: [Int64],
        of memory: Int64,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        for word in words {
            try connection.run(
                "DELETE FROM memory_words WHERE owner = ? AND word = ? AND memory = ?",
                [owner, word, memory]
            )
        }
    }

    /// Returns the numbers of the memories that contain one of the words, best first; rare words count more.
    static func rank(
        _ words: [Int64],
        of owner: MemoryOwnerRows.Owner,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [Int64] {
        var scores: [Int64: Double] = [:]
        for word in words {
            let memories = try connection.integers(
                "SELECT memory FROM memory_words WHERE owner = ? AND word = ? ORDER BY memory DESC LIMIT \(postingLimit)",
                [owner.number, word]
            )
            let (total, count) = (Double(owner.memoryCount), Double(memories.count))
            let weight = log(1 + max(0, total - count + 0.5) / (count + 0.5))
            for memory in memories { scores[memory, default: 0] += weight }
        }
        return scores.sorted { ($0.value, $0.key) > ($1.value, $1.key) }.prefix(limit).map(\.key)
    }
}
