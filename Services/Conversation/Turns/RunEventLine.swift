import Bus
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
