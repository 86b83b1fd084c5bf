import Foundation
import JSON

/// Collects the vectors of one answer, and checks their number, order, dimensions and values.
///
/// Vectors are large, so they are read without an intermediate tree.
struct EmbeddingVectors {
    /// One vector: base64 of 32-bit little-endian floating-point numbers, and the number of its dimensions.
    struct Vector {
        let base64: String
        let dimensions: Int
    }

    /// Maximum number of dimensions.
    private static let dimensionLimit = 65_536

    private var vectors: [String?]
    /// The number of dimensions, once it is known.
    private(set) var dimensions: Int?
    private var count = 0
    private var isIndexed: Bool?

    /// Creates an empty collection for `count` texts; `dimensions` is the number that was asked for.
    init(count: Int, dimensions: Int?) {
        vectors = Array(repeating: nil, count: count)
        self.dimensions = dimensions
    }

    /// Reads a vector: an array of numbers, or base64.
    func read(_ json: inout JSONScanner) throws -> Vector {
        guard json.kind == .array else { return try decode(try json.string()) }
        var numbers: [Float] = []
        numbers.reserveCapacity(dimensions ?? 1024)
        try json.array { json in
            guard json.kind == .number else { throw EmbeddingFlaw.notFinite(count) }
            let number: Float
            do { number = Float(try json.double()) } catch { throw EmbeddingFlaw.notFinite(count) }
            guard number.isFinite else { throw EmbeddingFlaw.notFinite(count) }
            guard numbers.count < Self.dimensionLimit else { throw EmbeddingFlaw.malformed }
            numbers.append(number)
        }
        guard !numbers.isEmpty else { throw EmbeddingFlaw.emptyVector(count) }
        return Vector(base64: EmbeddingVector.base64(numbers), dimensions: numbers.count)
    }

    private func decode(_ text: String) throws -> Vector {
        guard let data = Data(base64Encoded: text), data.count.isMultiple(of: 4),
            data.count / 4 <= Self.dimensionLimit
        else { throw EmbeddingFlaw.malformed }
        guard !data.isEmpty else { throw EmbeddingFlaw.emptyVector(count) }
        let isFinite = data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).allSatisfy { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                    .isFinite
            }
        }
        guard isFinite else { throw EmbeddingFlaw.notFinite(count) }
        return Vector(base64: text, dimensions: data.count / 4)
    }

    /// Adds the next vector; `index` is the one that the provider names, if any.
    mutating func add(_ vector: Vector, index: Int?) throws(EmbeddingFlaw) {
        guard isIndexed == nil || isIndexed == (index != nil) else { throw .index(nil) }
        isIndexed = index != nil
        if let dimensions, dimensions != vector.dimensions {
            throw .dimensions(vector.dimensions, expected: dimensions)
        }
        dimensions = vector.dimensions
        let place = index ?? count
        count += 1
        // Too many vectors are counted, and reported at the end.
        guard count <= vectors.count else { return }
        guard vectors.indices.contains(place), vectors[place] == nil else { throw .index(place) }
        vectors[place] = vector.base64
    }

    /// Returns the vectors in the order of the texts.
    func complete() throws(EmbeddingFlaw) -> [String] {
        let found = vectors.compactMap(\.self)
        guard count == vectors.count, found.count == count else { throw .count(count, expected: vectors.count) }
        return found
    }
}
