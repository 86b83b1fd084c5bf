import Contracts
import JSON
import NIOCore

/// Encodes the events of a run as seed 004's stream: `data: <token>`, CRLF, CRLF, and nothing at the end.
///
/// Pure. A token with line breaks has several `data` lines. Reasoning and calls of tools are left out.
struct SessionEventEncoder: Sendable {
    /// Whether any token was written: before the first one, a failure is still a status of its own.
    private(set) var hasAnswer = false
    /// Whether the last event has arrived.
    private(set) var isFinished = false
    /// The fault with which the run ended, if it failed.
    private(set) var failure: Fault?
    /// Whether the current step has no text so far.
    private var isStepEmpty = true

    mutating func write(_ events: [Run.Event], to frames: inout ByteBuffer) {
        for event in events {
            if let text = event.text {
                write(text, to: &frames)
            } else if let end = event.end {
                finish(end, &frames)
            } else if event.step != nil {
                isStepEmpty = true
            }
        }
    }

    private mutating func write(_ text: String, to frames: inout ByteBuffer) {
        guard !text.isEmpty else { return }
        hasAnswer = true
        isStepEmpty = false
        Self.write(token: text, to: &frames)
    }

    private mutating func finish(_ end: Run.End, _ frames: inout ByteBuffer) {
        isFinished = true
        // The answer of a tool, and a text that was stored after a crash, had no events of their own.
        if isStepEmpty, let answer = end.assistantMessage { write(answer.content.text, to: &frames) }
        guard end.status != .completed, end.status != .stopped else { return }
        failure = RunFault(of: end).fault
    }

    /// Writes an event without a name; CR, LF and CRLF begin a new `data` line.
    static func write(token: String, to frames: inout ByteBuffer) {
        let bytes = token.utf8
        var start = bytes.startIndex
        func line(to end: String.Index, _ frames: inout ByteBuffer) {
            frames.writeStaticString("data: ")
            frames.writeSubstring(token[start..<end])
            frames.writeStaticString("\r\n")
        }
        var index = start
        while index < bytes.endIndex {
            let byte = bytes[index]
            let next = bytes.index(after: index)
            guard byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") else {
                index = next
                continue
            }
            line(to: index, &frames)
            let isPair = byte == UInt8(ascii: "\r") && next < bytes.endIndex && bytes[next] == UInt8(ascii: "\n")
            index = isPair ? bytes.index(after: next) : next
            start = index
        }
        line(to: bytes.endIndex, &frames)
        frames.writeStaticString("\r\n")
    }

    /// Writes the event for a failure after the first token; the stream ends after it.
    static func write(error fault: Fault, to frames: inout ByteBuffer) {
        var json = JSONWriter()
        json.object { $0.field("detail", fault.message) }
        frames.writeStaticString("event: error\r\ndata: ")
        frames.writeImmutableBuffer(json.buffer)
        frames.writeStaticString("\r\n\r\n")
    }

    /// Returns the comment that keeps a stream alive.
    static func ping(at moment: Timestamp) -> ByteBuffer {
        let time = V1Timestamp.text(moment).replacing("T", with: " ").replacing("Z", with: "")
        return ByteBuffer(string: ": ping - \(time)\r\n\r\n")
    }
}
