import Contracts
import JSON
import NIOCore

/// Encodes the messages of a session: `{"role","content"}` of its user and its assistant.
///
/// The texts of one run are one message: the concatenation of what its stream contained. Calls of tools and their results
/// are left out.
struct SessionHistoryEncoder: ListEncoder {
    /// The run whose message is not ended yet.
    private var openRun: Run.ID?
    private var isFirst = true

    /// Returns the beginning of a session up to its messages; the member `payload` is always empty.
    static func beginning(of session: Conversation) -> ByteBuffer {
        var json = ByteBuffer(string: "{\"payload\":\"\",\"session_id\":\"\(session.id.sessionID)\",\"username\":")
        JSONText.write(session.user, to: &json)
        json.writeStaticString(",\"message_history\":[")
        return json
    }

    mutating func write(_ items: [Message], to json: inout ByteBuffer) {
        for message in items {
            let text = message.content.text
            switch message.role {
            case .user:
                begin("user", to: &json)
                Self.write(text, to: &json)
                end(&json)
            case .assistant where text.isEmpty && message.toolCalls?.isEmpty == false: break
            case .assistant:
                if openRun == nil || openRun != message.run { begin("assistant", to: &json) }
                Self.write(text, to: &json)
                openRun = message.run
                if openRun == nil { end(&json) }
            case .tool, .system: break
            }
        }
    }

    mutating func finish(_ json: inout ByteBuffer) {
        if openRun != nil { end(&json) }
        json.writeStaticString("]}")
    }

    private mutating func begin(_ role: StaticString, to json: inout ByteBuffer) {
        if openRun != nil { end(&json) }
        if !isFirst { json.writeStaticString(",") }
        isFirst = false
        json.writeStaticString("{\"role\":\"")
        json.writeStaticString(role)
        json.writeStaticString("\",\"content\":\"")
    }

    private mutating func end(_ json: inout ByteBuffer) {
        openRun = nil
        json.writeStaticString("\"}")
    }

    /// Writes a part of a JSON string.
    private static func write(_ text: String, to json: inout ByteBuffer) {
        var quoted = ByteBuffer()
        JSONText.write(text, to: &quoted)
        json.writeBytes(quoted.readableBytesView.dropFirst().dropLast())
    }
}
