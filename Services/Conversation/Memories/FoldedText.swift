import Foundation

/// A text without differences of case and Unicode normalization, for comparisons.
///
/// Pure function: `Ż` composed or decomposed, `Σ` and `ς`, `ß` and `SS`, and fullwidth and normal letters are equal.
enum FoldedText {
    static func fold(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        // Upper case first: some letters, such as `ς` and `ß`, have no lower-case form that equals that of their capitals.
        return text.precomposedStringWithCompatibilityMapping.uppercased().lowercased()
            .precomposedStringWithCompatibilityMapping
    }

    /// A hash of bytes that is the same in every process (FNV-1a, with its bits mixed).
    static func hash(_ bytes: some Sequence<UInt8>) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Int64(bitPattern: hash ^ (hash >> 32))
    }
}
