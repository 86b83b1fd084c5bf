import NIOCore

extension ByteBuffer {
    /// Writes a text as a JSON string, quotes included.
    mutating func writeJSON(_ text: String) {
        var text = text
        writeInteger(UInt8(ascii: "\""))
        text.withUTF8 { text in
            let bytes = UnsafeRawBufferPointer(text)
            var start = 0
            for (index, byte) in bytes.enumerated() where Self.needsEscape(byte) {
                writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
                writeEscaped(byte)
                start = index + 1
            }
            writeBytes(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        writeInteger(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case UInt8(ascii: "\n"): writeStaticString("\\n")
        case UInt8(ascii: "\r"): writeStaticString("\\r")
        case UInt8(ascii: "\t"): writeStaticString("\\t")
        default: writeString("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
        }
    }
}
