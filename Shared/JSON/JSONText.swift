package import NIOCore

/// Encodes text as a JSON string.
package enum JSONText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Appends the text in quotes, with escape sequences.
    package static func write(_ text: String, to buffer: inout ByteBuffer) {
        var text = text
        text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            buffer.reserveCapacity(minimumWritableBytes: bytes.count + 2)
            buffer.writeInteger(UInt8(ascii: "\""))
            var start = 0
            var index = special(in: bytes, from: 0)
            while index < bytes.count {
                buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
                escape(bytes[index], to: &buffer)
                start = index + 1
                index = special(in: bytes, from: start)
            }
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        buffer.writeInteger(UInt8(ascii: "\""))
    }

    /// Returns the offset of the next quote, backslash or control character, or the end.
    ///
    /// Compares eight bytes at a time: most bytes on the bus are text.
    package static func special(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index + 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = (zeros(word ^ quotes) | zeros(word ^ backslashes) | (word &- spaces) & ~word) & highBits
            // A borrow can set bits only behind a correct match, so the first match is correct.
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < bytes.count, !isSpecial(bytes[index]) { index += 1 }
        return index
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let quotes: UInt64 = 0x2222_2222_2222_2222
    private static let backslashes: UInt64 = 0x5C5C_5C5C_5C5C_5C5C
    private static let spaces: UInt64 = 0x2020_2020_2020_2020

    /// Sets the highest bit of each byte that is zero; the other bits are undefined.
    private static func zeros(_ word: UInt64) -> UInt64 {
        (word &- ones) & ~word
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func escape(_ byte: UInt8, to buffer: inout ByteBuffer) {
        switch byte {
        case UInt8(ascii: "\""): buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): buffer.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): buffer.writeStaticString("\\n")
        case UInt8(ascii: "\r"): buffer.writeStaticString("\\r")
        case UInt8(ascii: "\t"): buffer.writeStaticString("\\t")
        default: buffer.writeBytes(Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]])
        }
    }
}
