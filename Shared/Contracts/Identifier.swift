/// A UUID whose type names what it identifies.
///
/// Encoded as lower-case text. New identifiers have version 7: they sort by creation time.
package struct Identifier<Subject>: Hashable, Sendable, Codable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Creates a random identifier of the given time.
    package init(at now: Timestamp = .now()) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: now, using: &generator)
    }

    package init(at now: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(clamping: now.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        high = (milliseconds << 16) | 0x7000 | UInt64.random(in: 0...0x0FFF, using: &generator)
        low = (UInt64.random(in: .min ... .max, using: &generator) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    }

    /// Parses a UUID with or without dashes, in upper or lower case, with or without `urn:uuid:`.
    package init?(_ text: some StringProtocol) {
        var text = String(text)
        let words = text.withUTF8 { Self.words(in: UnsafeRawBufferPointer($0)) }
        guard let words else { return nil }
        (high, low) = words
    }

    private static func words(in bytes: UnsafeRawBufferPointer) -> (high: UInt64, low: UInt64)? {
        let hasPrefix = bytes.count > 36 && bytes.starts(with: "urn:uuid:".utf8)
        let digits = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(hasPrefix ? 9 : 0))
        guard digits.count == 32 || digits.count == 36 else { return nil }
        var words: (high: UInt64, low: UInt64) = (0, 0)
        for offset in digits.indices {
            if digits.count == 36, isDash(at: offset) {
                guard digits[offset] == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = digit(digits[offset]) else { return nil }
            // The top digit of the low word moves to the high word.
            words.high = words.high << 4 | words.low >> 60
            words.low = words.low << 4 | UInt64(digit)
        }
        return words
    }

    /// The lower-case text form, such as `0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f`.
    package var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var shift: UInt64 = 64
            for position in 0..<36 {
                guard !Self.isDash(at: position) else {
                    buffer[position] = UInt8(ascii: "-")
                    continue
                }
                shift = shift == 0 ? 60 : shift - 4
                let word = position < 18 ? high : low
                let digit = UInt8(truncatingIfNeeded: word >> shift) & 0xF
                buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 36
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identifier = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text.prefix(64)) is not a UUID.")
        }
        self = identifier
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func isDash(at offset: Int) -> Bool {
        offset == 8 || offset == 13 || offset == 18 || offset == 23
    }
}
