import Contracts
import Foundation

/// The numbers of a vector that travels as base64 of 32-bit floating-point numbers, little-endian.
enum EmbeddingVector {
    /// Throws `internal` when the text is no vector.
    static func read(_ text: String) throws(Fault) -> [Float] {
        guard let data = Data(base64Encoded: text), data.count.isMultiple(of: 4) else {
            throw Fault(.internal, "inference-svc answered with a vector that cannot be read.")
        }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
    }
}
