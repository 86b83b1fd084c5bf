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

    /// Returns a folded word without accents and with the plain letters for `ø`, `ł`, `æ` and similar ones: `café` is `cafe`.
    ///
    /// Signs of scripts in which they are letters of their own, such as Devanagari and Japanese, remain.
    static func plainLetters(_ word: String) -> String {
        if word.utf8.allSatisfy({ $0 < 0x80 }) { return word }
        var plain = String.UnicodeScalarView()
        for scalar in word.decomposedStringWithCanonicalMapping.unicodeScalars {
            if let letters = letters[scalar] {
                plain.append(contentsOf: letters)
            } else if !isAccent(scalar) {
                plain.append(scalar)
            }
        }
        return String(plain).precomposedStringWithCanonicalMapping
    }

    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        default: false
        }
    }

    /// Letters that have no decomposition.
    private static let letters: [Unicode.Scalar: String.UnicodeScalarView] = [
        "ø": "o".unicodeScalars, "ł": "l".unicodeScalars, "đ": "d".unicodeScalars, "ð": "d".unicodeScalars,
        "þ": "th".unicodeScalars, "æ": "ae".unicodeScalars, "œ": "oe".unicodeScalars, "ħ": "h".unicodeScalars,
        "ŧ": "t".unicodeScalars, "ŋ": "n".unicodeScalars, "ı": "i".unicodeScalars,
    ]

    /// A hash of bytes that is the same in every process (FNV-1a, with its bits mixed).
    static func hash(_ bytes: some Sequence<UInt8>) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 32)) &* 0xD6E8_FEB8_6659_FD93
        return Int64(bitPattern: hash ^ (hash >> 32))
    }
}
