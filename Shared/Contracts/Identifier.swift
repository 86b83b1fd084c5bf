/// The name of one thing of a kind: a UUID that cannot be mistaken for another kind's.
///
/// On the wire and in the store it is the lower-case text form. New ones are UUIDs of version 7, so they sort by the
/// time they were made.
package struct Identifier<Subject>: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The lower-case text form, such as `0192f0c1-7b5a-7c3e-9f00-3a5b8c1d2e4f`.
    package let description: String

    /// A new one, made of the time and of chance.
    package init(at now: Timestamp = .now()) {
        var generator = SystemRandomNumberGenerator()
        self.init(at: now, using: &generator)
    }

    package init(at now: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(clamping: now.microseconds / 1000) & 0xFFFF_FFFF_FFFF
        let high = (milliseconds << 16) | 0x7000 | UInt64.random(in: 0...0x0FFF, using: &generator)
        let low = (UInt64.random(in: .min ... .max, using: &generator) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        description = Self.text(high: high, low: low)
    }

    /// Reads one that a person or a program wrote: with or without dashes, in either case, also as `urn:uuid:`.
    package init?(_ text: some StringProtocol) {
        let digits = text.hasPrefix("urn:uuid:") ? text.dropFirst(9)[...] : text[...]
        guard digits.utf8.count == 32 || digits.utf8.count == 36 else { return nil }
        var value: [UInt64] = [0, 0]
        var count = 0
        for (offset, byte) in digits.utf8.enumerated() {
            if digits.utf8.count == 36, [8, 13, 18, 23].contains(offset) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.digit(byte) else { return nil }
            value[count / 16] = value[count / 16] << 4 | UInt64(digit)
            count += 1
        }
        guard count == 32 else { return nil }
        description = Self.text(high: value[0], low: value[1])
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

    private static func text(high: UInt64, low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if [8, 12, 16, 20].contains(index) {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let word = index < 16 ? high : low
                let nibble = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * (index % 16))) & 0xF
                buffer[position] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
                position += 1
            }
            return 36
        }
    }
}
