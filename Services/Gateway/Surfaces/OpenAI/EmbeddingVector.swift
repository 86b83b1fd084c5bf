import Contracts
import Foundation

/// Decodes a vector: base64 of little-endian 32-bit floating-point numbers.
enum EmbeddingVector {
    /// Throws `internal` if the text is malformed.
    static func read(_ text: String) throws(Fault) -> [Float] {
        guard let data = Data(base64Encoded: text), data.count.isMultiple(of: 4) else {
            throw Fault(.internal, "inference-svc returned a malformed vector.")
        }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
    }
}
