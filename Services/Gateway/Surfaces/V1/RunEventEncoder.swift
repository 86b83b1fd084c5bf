import Bus
import Contracts
import JSON
import NIOCore

/// Turns a run's events, as JSON from the bus, into Server-Sent Events.
///
/// Pure. Text, which is nearly all there is, is not decoded: its number and its string are cut out of the bytes and
/// passed on.
struct RunEventEncoder: Sendable {
    /// The run that the events belong to; absent while it is not known.
    let run: Run.ID?

    /// Writes the events of a batch; answers whether the run's last one was among them.
    ///
    /// Throws a ``Fault`` at an element that cannot be read; those before it are written.
    func write(_ elements: [ByteBuffer], to frames: inout ByteBuffer) throws -> Bool {
        frames.reserveCapacity(elements.reduce(0) { $0 + $1.readableBytes + 32 })
        var isLast = false
        for element in elements {
            if Self.write(text: element, to: &frames) { continue }
            let event = try BusCoding.decode(Run.Event.self, from: element)
            isLast = isLast || event.end != nil
            write(event, to: &frames)
        }
        return isLast
    }

    /// Tells a watcher that the watch broke off, which says nothing about the run.
    ///
    /// It has no number, so a client that comes back asks for what follows the last event that it has.
    func broken(_ fault: Fault) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("code", V1ErrorCode.name(fault.code))
            json.field("message", fault.message)
            json.field("retryable", fault.code != .keyInvalidated)
            json.null("assistant_message")
            json.null("status")
            json.field("run_id", run?.description)
        }
        var frame = ByteBuffer(staticString: "event: error\ndata: ")
        frame.writeImmutableBuffer(json.buffer)
        frame.writeStaticString("\n\n")
        return frame
    }

    /// Writes an element of exactly the form `{"number":3,"text":"Hel"}`; `false` for any other.
    private static func write(text element: ByteBuffer, to frames: inout ByteBuffer) -> Bool {
        let view = element.readableBytesView
        let start = view.startIndex + 10
        guard view.starts(with: "{\"number\":".utf8), let comma = view[start...].firstIndex(of: UInt8(ascii: ",")),
            comma > start, view[start..<comma].allSatisfy({ (0x30...0x39).contains($0) }),
            view[comma...].starts(with: ",\"text\":\"".utf8), view.last == UInt8(ascii: "}")
        else { return false }
        let string = view[(comma + 8)..<(view.endIndex - 1)]
        guard isOneString(string) else { return false }
        frames.writeStaticString("id: ")
        frames.writeBytes(view[start..<comma])
        frames.writeStaticString("\nevent: token\ndata: {\"text\":")
        frames.writeBytes(string)
        frames.writeStaticString("}\n\n")
        return true
    }

    /// Whether the bytes are a JSON string and nothing more, so that nothing else follows the text.
    private static func isOneString(_ bytes: ByteBufferView) -> Bool {
        var isEscaped = false
        var index = bytes.index(after: bytes.startIndex)
        while index < bytes.endIndex {
            let byte = bytes[index]
            index = bytes.index(after: index)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return index == bytes.endIndex
            } else if byte < 0x20 {
                return false
            }
        }
        return false
    }

    private func write(_ event: Run.Event, to frames: inout ByteBuffer) {
        var json = JSONWriter()
        let name: StaticString
        if let message = event.userMessage {
            name = "user_message"
            json.message(message)
        } else if let end = event.end {
            let isError = end.status == .failed || end.status == .interrupted
            name = isError ? "error" : "done"
            write(end, isError: isError, to: &json)
        } else {
            name = "token"
            json.object { $0.field("text", event.text ?? "") }
        }
        frames.writeStaticString("id: ")
        frames.writeString(String(event.number))
        frames.writeStaticString("\nevent: ")
        frames.writeStaticString(name)
        frames.writeStaticString("\ndata: ")
        frames.writeImmutableBuffer(json.buffer)
        frames.writeStaticString("\n\n")
    }

    private func write(_ end: Run.End, isError: Bool, to json: inout JSONWriter) {
        json.object { json in
            if isError {
                let code = end.fault?.code ?? .internal
                json.field("code", V1ErrorCode.name(code))
                json.field("message", end.fault?.message ?? "No answer could be made.")
                json.field("retryable", code.isRetryable)
            }
            json.end(end)
            json.field("run_id", run?.description)
        }
    }
}
