/// Decodes the escape sequences of a JSON string.
package enum JSONEscapes {
    /// Returns the decoded text; `nil` if an escape sequence is invalid or the bytes are not UTF-8.
    ///
    /// Half a surrogate pair becomes U+FFFD, unless it is not allowed.
    package static func resolve(
        _ bytes: UnsafeRawBufferPointer,
        allowsLoneSurrogates: Bool = true,
        allowsNUL: Bool = true
    ) -> String? {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while !rest.isEmpty {
            let escape = rest.firstIndex(of: UInt8(ascii: "\\")) ?? rest.endIndex
            text.append(contentsOf: rest[..<escape])
            rest = rest[escape...]
            guard rest.popFirst() != nil else { break }
            guard let kind = rest.popFirst() else { return nil }
            if let plain = character(kind) {
                text.append(plain)
            } else {
                guard kind == UInt8(ascii: "u"), let scalar = scalar(&rest, allowsLoneSurrogates),
                    allowsNUL || scalar != "\0"
                else { return nil }
                text.append(contentsOf: String(scalar).utf8)
            }
        }
        return String(validating: text, as: UTF8.self)
    }

    private static func character(_ kind: UInt8) -> UInt8? {
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): kind
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    /// Reads the four digits after `\u`, and the second half of a surrogate pair.
    private static func scalar(
        _ rest: inout UnsafeRawBufferPointer.SubSequence,
        _ allowsLoneSurrogates: Bool
    ) -> Unicode.Scalar? {
        let half: Unicode.Scalar? = allowsLoneSurrogates ? "\u{FFFD}" : nil
        guard let unit = unit(&rest) else { return nil }
        guard (0xD800...0xDBFF).contains(unit) else { return Unicode.Scalar(unit) ?? half }
        var ahead = rest
        guard ahead.popFirst() == UInt8(ascii: "\\"), ahead.popFirst() == UInt8(ascii: "u"),
            let low = self.unit(&ahead), (0xDC00...0xDFFF).contains(low)
        else { return half }
        rest = ahead
        return Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(low) - 0xDC00)) ?? "\u{FFFD}"
    }

    private static func unit(_ rest: inout UnsafeRawBufferPointer.SubSequence) -> UInt16? {
        guard rest.count >= 4 else { return nil }
        var value: UInt16 = 0
        for byte in rest.prefix(4) {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else { return nil }
            value = value << 4 | UInt16(digit)
        }
        rest = rest.dropFirst(4)
        return value
    }
}
