import Crypto

/// The secret text of an API key: `sk-parley-`, 32 random letters and digits (190 bits), and a checksum of six.
///
/// The checksum detects typing errors and guesses without a look-up; it is not a security measure.
package struct KeySecret: Sendable, Hashable {
    /// The prefix of every key.
    package static let prefix = "sk-parley-"
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
    private static let randomLength = 32
    private static let checkLength = 6

    /// The complete text, as clients send it.
    package let text: String

    /// Creates a random secret.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<Self.randomLength).map { _ in
            Self.alphabet[Int.random(in: 0..<Self.alphabet.count, using: &generator)]
        }
        text = Self.prefix + String(decoding: letters + Self.check(letters), as: UTF8.self)
    }

    /// Derives a secret with HMAC-SHA256: the same `key` and `parts` always result in the same secret.
    ///
    /// Without `key`, nobody can tell the secret from a random one.
    package init(derivedFrom key: String, parts: [String]) {
        var message: [UInt8] = []
        for part in parts {
            // With their lengths, no two lists of parts have the same message.
            for shift in stride(from: 56, through: 0, by: -8) {
                message.append(UInt8(truncatingIfNeeded: part.utf8.count >> shift))
            }
            message.append(contentsOf: part.utf8)
        }
        var letters: [UInt8] = []
        let symmetricKey = SymmetricKey(data: Array(key.utf8))
        for block in UInt8.min ... .max where letters.count < Self.randomLength {
            let code = HMAC<SHA256>.authenticationCode(for: message + [block], using: symmetricKey)
            // Bytes above the highest multiple of the alphabet's length would make some letters more likely.
            let usable = code.filter { Int($0) < 256 / Self.alphabet.count * Self.alphabet.count }
            letters += usable.map { Self.alphabet[Int($0) % Self.alphabet.count] }
        }
        letters = Array(letters.prefix(Self.randomLength))
        text = Self.prefix + String(decoding: letters + Self.check(letters), as: UTF8.self)
    }

    /// Parses a secret; returns `nil` if the format or the checksum is wrong.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let letters = bytes.dropFirst(Self.prefix.utf8.count)
        guard text.utf8.starts(with: Self.prefix.utf8), letters.count == Self.randomLength + Self.checkLength,
            letters.allSatisfy(Self.isLetter),
            Self.check(letters.prefix(Self.randomLength)) == Array(letters.suffix(Self.checkLength))
        else { return nil }
        self.text = text
    }

    /// SHA-256 of the text in lower-case hexadecimal digits, which is stored and looked up.
    ///
    /// The duration of a look-up reveals at most something about digests, from which no secret can be derived.
    package var digest: String {
        let digits = Array("0123456789abcdef".utf8)
        let bytes = SHA256.hash(data: Array(text.utf8))
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether a text has the format of a digest.
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

    /// Returns the CRC-32 of the letters in base 62.
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
    /// The prefix only, so that no log contains the secret.
    package var description: String { Self.prefix + "…" }
}
