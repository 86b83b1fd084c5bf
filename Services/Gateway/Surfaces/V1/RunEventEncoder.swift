import Bus
import Contracts
import JSON
import NIOCore

/// Encodes a run's events as Server-Sent Events.
///
/// A pure function. Events with text or reasoning, which are nearly all, are not decoded: the number and the JSON string
/// are copied from the bytes of the bus.
struct RunEventEncoder: Sendable {
    /// The run of the events; `nil` while it is unknown.
    let run: Run.ID?

    /// Writes a batch of events; returns whether it contained the run's last event.
    ///
    /// Throws a ``Fault`` at a malformed element, after writing the ones before it.
    func write(_ elements: [ByteBuffer], to frames: inout ByteBuffer) throws -> Bool {
        frames.reserveCapacity(elements.reduce(0) { $0 + $1.readableBytes + 32 })
        var isLast = false
        for element in elements {
            if Self.copy(element, to: &frames) { continue }
            let event = try BusCoding.decode(Run.Event.self, from: element)
            isLast = isLast || event.end != nil
            write(event, to: &frames)
        }
        return isLast
    }

    /// Returns the event for a broken stream, which says nothing about the run.
    ///
    /// It has no `id`, so a client that reconnects continues after the last event it has.
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

    /// Writes an element of exactly the form `{"number":3,"text":"Hel"}`, or with `reasoning` instead of `text`; returns
    /// `false` for any other.
    private static func copy(_ element: ByteBuffer, to frames: inout ByteBuffer) -> Bool {
        let view = element.readableBytesView
        let start = view.startIndex + 10
        guard view.starts(with: "{\"number\":".utf8), let comma = view[start...].firstIndex(of: UInt8(ascii: ",")),
            comma > start, view[start..<comma].allSatisfy({ (0x30...0x39).contains($0) }),
            view.last == UInt8(ascii: "}")
        else { return false }
        let isText = view[comma...].starts(with: ",\"text\":\"".utf8)
        guard isText || view[comma...].starts(with: ",\"reasoning\":\"".utf8) else { return false }
        let string = view[(comma + (isText ? 8 : 13))..<(view.endIndex - 1)]
        guard isOneString(string) else { return false }
        frames.writeStaticString("id: ")
        frames.writeBytes(view[start..<comma])
        frames.writeStaticString(isText ? "\nevent: token" : "\nevent: reasoning")
        frames.writeStaticString("\ndata: {\"text\":")
        frames.writeBytes(string)
        frames.writeStaticString("}\n\n")
        return true
    }

    /// Whether the bytes are exactly one JSON string.
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
        } else if let step = event.step {
            name = step.role == .tool ? "tool_result" : "tool_call"
            json.object { $0.message("message", step) }
        } else if let reasoning = event.reasoning {
            name = "reasoning"
            json.object { $0.field("text", reasoning) }
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
                json.members(ofFault: RunFault(end.fault ?? Fault(.internal, "The run failed."), end.status))
            }
            json.end(end)
            json.field("run_id", run?.description)
        }
    }
}
