import Foundation

/// The signatures of one owner's memories in one piece of memory, for a fast comparison with all of them.
struct SignatureList: Sendable {
    /// The number of their model.
    let model: Int64
    /// Number of 64-bit words of a signature.
    let wordCount: Int
    private(set) var memories: [Int64] = []
    private var words: [UInt64] = []

    init(model: Int64, wordCount: Int) {
        self.model = model
        self.wordCount = wordCount
    }

    /// Size in memory, in bytes.
    var bytes: Int { (memories.capacity + words.capacity) * 8 }

    /// Appends a stored signature; one of another size is ignored.
    mutating func append(_ memory: Int64, _ bits: Data) {
        guard bits.count == wordCount * 8 else { return }
        memories.append(memory)
        bits.withUnsafeBytes { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 8) {
                words.append(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
        }
    }

    /// Sets the signature of a memory.
    mutating func set(_ signature: [UInt64], of memory: Int64) {
        guard signature.count == wordCount else { return }
        remove(memory)
        memories.append(memory)
        words += signature
    }

    mutating func remove(_ memory: Int64) {
        guard let index = memories.lastIndex(of: memory), let last = memories.popLast() else { return }
        // The last one takes its place.
        if index < memories.count {
            memories[index] = last
            for word in 0..<wordCount { words[index * wordCount + word] = words[memories.count * wordCount + word] }
        }
        words.removeLast(wordCount)
    }

    /// Returns the memories whose signatures differ least from another one, in no order; about `count`, or all if there
    /// are fewer.
    func nearest(to signature: [UInt64], count: Int) -> [Int64] {
        guard memories.count > count, signature.count == wordCount else {
            return signature.count == wordCount ? memories : []
        }
        var distances = [UInt16](repeating: 0, count: memories.count)
        var counts = [Int](repeating: 0, count: wordCount * 64 + 1)
        words.withUnsafeBufferPointer { words in
            for index in memories.indices {
                var distance = 0
                for word in 0..<wordCount {
                    distance += (words[index * wordCount + word] ^ signature[word]).nonzeroBitCount
                }
                distances[index] = UInt16(truncatingIfNeeded: distance)
                counts[distance] += 1
            }
        }
        var (limit, found) = (0, 0)
        for distance in counts.indices {
            found += counts[distance]
            limit = distance
            if found >= count { break }
        }
        // Of those at the limit, only as many as needed: equal signatures may be many.
        var nearest: [Int64] = []
        var left = count - (found - counts[limit])
        for (memory, distance) in zip(memories, distances) where Int(distance) <= limit {
            if Int(distance) == limit {
                guard left > 0 else { continue }
                left -= 1
            }
            nearest.append(memory)
        }
        return nearest
    }
}
