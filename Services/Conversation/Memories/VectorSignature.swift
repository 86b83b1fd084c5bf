import Foundation

/// A short form of a vector: the number of bits in which two signatures differ grows with the angle between the vectors.
///
/// Each bit is the sign of a projection. The projections are the vector's Walsh-Hadamard transform after random signs,
/// twice, which costs far less than a random matrix and works for vectors with few values that are not 0.
enum VectorSignature {
    /// Maximum number of bits.
    private static let bitLimit = 1024

    /// The number of 64-bit words of the signature of a vector with this number of dimensions.
    static func wordCount(dimensions: Int) -> Int {
        min(bitLimit, size(for: dimensions)) / 64
    }

    static func words(of vector: MemoryVector) -> [UInt64] {
        let size = size(for: vector.values.count)
        var values = vector.values + [Float](repeating: 0, count: size - vector.values.count)
        for round in [UInt64(1), 2] {
            for index in values.indices where isFlipped(index, round) { values[index] = -values[index] }
            transform(&values)
        }
        return (0..<wordCount(dimensions: vector.values.count)).map { word in
            (0..<64).reduce(UInt64(0)) { $0 | (values[word * 64 + $1] < 0 ? 1 << UInt64($1) : 0) }
        }
    }

    /// The bytes of a signature, as they are stored.
    static func data(of words: [UInt64]) -> Data {
        var data = Data(capacity: words.count * 8)
        for word in words { withUnsafeBytes(of: word.littleEndian) { data.append(contentsOf: $0) } }
        return data
    }

    private static func size(for dimensions: Int) -> Int {
        var size = 64
        while size < dimensions { size *= 2 }
        return size
    }

    private static func isFlipped(_ index: Int, _ round: UInt64) -> Bool {
        var value = (UInt64(index) &+ round &* 0x9E37_79B9_7F4A_7C15) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 31)) &* 0x94D0_49BB_1331_11EB
        return (value ^ (value >> 29)) & 1 == 1
    }

    /// The Walsh-Hadamard transform; the number of values is a power of two.
    private static func transform(_ values: inout [Float]) {
        var width = 1
        while width < values.count {
            for start in stride(from: 0, to: values.count, by: width * 2) {
                for index in start..<(start + width) {
                    let (one, other) = (values[index], values[index + width])
                    values[index] = one + other
                    values[index + width] = one - other
                }
            }
            width *= 2
        }
    }
}
