import Crypto

/// The secret text of an API key: `sk-parley-`, 32 letters and digits made of chance (190 bits), and six that check them.
///
/// The check tells a slip of the pen or a guess from a key without looking anything up; it protects nothing.
package struct KeySecret: Sendable, Hashable {
    /// How every key begins.
    package static let prefix = "sk-parley-"
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let randomLength = 32
    private static let checkLength = 6

    /// The whole text, as its holder sends it.
    package let text: String

    /// A new one, made of chance.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<Self.randomLength).map { _ in
            Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
        }
        text = Self.prefix + String(decoding: letters + Self.check(letters), as: UTF8.self)
    }

    /// Reads one that somebody sent; `nil` when it cannot be one.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let letters = bytes.dropFirst(Self.prefix.utf8.count)
        guard text.utf8.starts(with: Self.prefix.utf8), letters.count == Self.randomLength + Self.checkLength,
            letters.allSatisfy(Self.isLetter),
            Self.check(letters.prefix(Self.randomLength)) == Array(letters.suffix(Self.checkLength))
        else { return nil }
        self.text = text
    }

    /// SHA-256 of the text in lower-case hexadecimal digits: what is stored and looked up.
    ///
    /// A look-up by digest tells by its time at most something about digests, and nobody can make a text for one.
    package var digest: String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = SHA256.hash(data: Array(text.utf8))
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether a text has the form of a digest.
    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// CRC-32 in six letters.
    private static func check(_ letters: some Sequence<UInt8>) -> [UInt8] {
        var sum: UInt32 = .max
        for letter in letters {
            sum ^= UInt32(letter)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
        }
        var rest = Int(~sum)
        return (0..<checkLength).map { _ in
            defer { rest /= alphabet.count }
            return alphabet[rest % alphabet.count]
        }
    }
}

extension KeySecret: CustomStringConvertible {
    /// What a log may hold of it.
    package var description: String { Self.prefix + "…" }
}
