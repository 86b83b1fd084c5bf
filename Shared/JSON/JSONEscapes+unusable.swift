extension JSONEscapes {
    /// Replaces the escape sequences of U+0000 and of half a surrogate pair in a JSON text by that of U+FFFD.
    ///
    /// Both are valid JSON, but databases and many parsers reject them.
    package static func replacingUnusable(in text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: "\\")) else { return text }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let isEscape = bytes[index] == UInt8(ascii: "\\") && index + 1 < bytes.count
            var length = isEscape ? 2 : 1
            if isEscape, let unit = unit(bytes, at: index) {
                length = 6
                let low = self.unit(bytes, at: index + 6)
                if (0xD800...0xDBFF).contains(unit), let low, (0xDC00...0xDFFF).contains(low) {
                    length = 12
                } else if unit == 0 || (0xD800...0xDFFF).contains(unit) {
                    result.append(contentsOf: #"\ufffd"#.utf8)
                    index += length
                    continue
                }
            }
            result.append(contentsOf: bytes[index..<(index + length)])
            index += length
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The code unit of a sequence such as `\u00e9` at an index; `nil` if there is none.
    private static func unit(_ bytes: [UInt8], at index: Int) -> UInt16? {
        guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        else { return nil }
        var value: UInt16 = 0
        for byte in bytes[(index + 2)..<(index + 6)] {
            guard byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
