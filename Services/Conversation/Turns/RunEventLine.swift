import Contracts
import Foundation
import NIOCore
import NIOFoundationCompat

/// Writes a run's events as JSON, once; every hop after this one passes the bytes on.
enum RunEventLine {
    /// `{"number":3,"text":"Hel"}`, exactly so, for readers that take it apart without decoding.
    static func text(_ text: String, number: Int) -> ByteBuffer {
        var line = ByteBuffer()
        line.reserveCapacity(text.utf8.count + 40)
        line.writeStaticString("{\"number\":")
        line.writeString(String(number))
        line.writeStaticString(",\"text\":")
        JSONText.write(text, to: &line)
        line.writeStaticString("}")
        return line
    }

    static func event(_ event: Run.Event) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        return try encoder.encodeAsByteBuffer(event, allocator: ByteBufferAllocator())
    }
}

/// Writes text as a JSON string.
enum JSONText {
    private static let digits = Array("0123456789abcdef".utf8)

    static func write(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var start = 0
            for index in bytes.indices {
                let byte = bytes[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                buffer.writeBytes(bytes[start..<index])
                escape(byte, to: &buffer)
                start = index + 1
            }
            buffer.writeBytes(bytes[start...])
        }
        buffer.writeInteger(UInt8(ascii: "\""))
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
