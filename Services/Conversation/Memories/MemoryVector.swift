import Foundation

/// The embedding of a text, with length 1.
struct MemoryVector: Sendable, Hashable {
    /// Maximum number of dimensions.
    static let dimensionLimit = 16_384

    let values: [Float]

    /// Scales a vector to length 1; `nil` if it has no direction, or a number of dimensions that is not permitted.
    init?(_ values: [Float]) {
        guard (1...Self.dimensionLimit).contains(values.count) else { return nil }
        // Scaled first, because the squares of large values may not be finite.
        let largest = values.reduce(0) { max($0, abs($1)) }
        guard largest > 0, largest.isFinite, values.allSatisfy(\.isFinite) else { return nil }
        let length = values.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
        self.values = values.map { $0 / largest / length }
    }

    /// Decodes base64 of 32-bit floating-point numbers, little-endian.
    init?(base64: String) {
        guard let data = Data(base64Encoded: base64), data.count.isMultiple(of: 4) else { return nil }
        let values = data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
        self.init(values)
    }

    /// One byte for each value, after the factor by which they are multiplied: a quarter of the size.
    var quantized: Data {
        let largest = values.reduce(0) { max($0, abs($1)) }
        var data = Data(capacity: 4 + values.count)
        withUnsafeBytes(of: (largest / 127).bitPattern.littleEndian) { data.append(contentsOf: $0) }
        for value in values {
            let level = (value / largest * 127).rounded()
            data.append(UInt8(bitPattern: Int8(exactly: level) ?? 0))
        }
        return data
    }

    /// The cosine of the angle to a vector of ``quantized`` form; `nil` if it has another number of dimensions.
    func similarity(to quantized: UnsafeRawBufferPointer) -> Float? {
        guard quantized.count == values.count + 4 else { return nil }
        let factor = Float(bitPattern: UInt32(littleEndian: quantized.loadUnaligned(as: UInt32.self)))
        let levels = UnsafeRawBufferPointer(rebasing: quantized.dropFirst(4))
        var sum: Float = 0
        for index in values.indices { sum += values[index] * Float(Int8(bitPattern: levels[index])) }
        return sum * factor
    }
}
