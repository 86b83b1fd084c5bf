import Foundation
import Testing

@testable import ConversationService

/// Vectors, their signatures, and the combination of ranked lists.
struct MemoryVectorTests {
    @Test func `a vector is scaled to length 1, and one without a direction is refused`() throws {
        let vector = try #require(MemoryVector([3, 4]))
        #expect(zip(vector.values, [0.6, 0.8]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(MemoryVector([3e38, 3e38])?.values.allSatisfy { abs($0 - 0.7071) < 1e-3 } == true)
        #expect(MemoryVector([1e-30, 0])?.values == [1, 0])
        for values: [Float] in [[], [0, 0], [.nan, 1], [.infinity, 1], [Float](repeating: 1, count: 16_385)] {
            #expect(MemoryVector(values) == nil)
        }
        #expect(MemoryVector(base64: "AACAPwAAAAA=")?.values == [1, 0])
        for text in ["", "!", "AACA", "AACAPwA="] { #expect(MemoryVector(base64: text) == nil) }
    }

    @Test func `the quantized form keeps angles`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            let one = (0..<100).map { _ in Float.random(in: -1...1, using: &generator) }
            let other = one.map { $0 + Float.random(in: -1...1, using: &generator) }
            let (first, second) = (try #require(MemoryVector(one)), try #require(MemoryVector(other)))
            let exact = zip(first.values, second.values).reduce(0) { $0 + $1.0 * $1.1 }
            let similarity = second.quantized.withUnsafeBytes { first.similarity(to: $0) }
            #expect(abs((similarity ?? 2) - exact) < 0.01)
        }
        let short = try #require(MemoryVector([1, 0])).quantized
        let vector = try #require(MemoryVector([1, 0, 0]))
        #expect(short.withUnsafeBytes { vector.similarity(to: $0) } == nil)
    }

    @Test func `near vectors have near signatures, also vectors with few values`() throws {
        var generator = SeededGenerator(seed: 2)
        for dimensions in [3, 64, 384, 1000, 1536] {
            var sparse = [Float](repeating: 0, count: dimensions)
            for _ in 0..<max(2, dimensions / 20) { sparse[Int.random(in: 0..<dimensions, using: &generator)] = 1 }
            let near = sparse.map { $0 + Float.random(in: -0.01...0.01, using: &generator) }
            let signatures = try [sparse, near, sparse.map { -$0 }].map {
                VectorSignature.words(of: try #require(MemoryVector($0)))
            }
            let bits = VectorSignature.wordCount(dimensions: dimensions) * 64
            #expect(signatures.allSatisfy { $0.count * 64 == bits })
            #expect(Self.distance(signatures[0], signatures[1]) < bits / 4)
            #expect(Self.distance(signatures[0], signatures[2]) > bits / 2)
        }
    }

    private static func distance(_ one: [UInt64], _ other: [UInt64]) -> Int {
        zip(one, other).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }

    @Test func `an item that is high in both lists comes first`() {
        #expect(RankFusion.fuse([[1, 2, 3], [4, 3, 1]]) == [1, 3, 4, 2])
        #expect(RankFusion.fuse([[1, 2], []]) == [1, 2])
        #expect(RankFusion.fuse([[1], [2]]) == [2, 1])
        #expect(RankFusion.fuse([[Int]]()) == [])
    }
}
