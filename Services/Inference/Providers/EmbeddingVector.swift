import Foundation

/// The encoding of vectors: base64 of 32-bit little-endian floating-point numbers, as in OpenAI's API.
enum EmbeddingVector {
    static func base64(_ numbers: [Float]) -> String {
        var data = Data(capacity: numbers.count * 4)
        for number in numbers {
            withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        return data.base64EncodedString()
    }
}
