import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The column `tools` of a message: tool calls, the id of the answered call, the speaker's name, and the parts and the
/// model of an answer whose provider needs them; `NULL` for most messages.
struct ToolColumn: Codable, JSONWritable, JSONReadable {
    private var calls: [Inference.ToolCall]?
    private var answered: String?
    private var speaker: String?
    private var parts: [Inference.AnswerPart]?
    private var model: String?

    /// Returns `nil` if the message has none of these.
    init?(_ message: Message) {
        let hasTools = message.toolCalls != nil || message.toolCallID != nil || message.name != nil
        guard hasTools || message.parts != nil || message.model != nil else { return nil }
        (calls, answered, speaker) = (message.toolCalls, message.toolCallID, message.name)
        (parts, model) = (message.parts, message.model)
    }

    /// Decodes the column.
    init(text: String) throws(StoreError) {
        self = try ColumnCoding.decode(Self.self, text)
    }

    init(from json: inout JSONScanner) throws {
        try json.object { name, json in
            switch name {
            case "calls": calls = try json.list()
            case "answered": answered = try json.string()
            case "speaker": speaker = try json.string()
            case "parts": parts = try json.list()
            case "model": model = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
    }

    /// The encoded column.
    var text: String { String(buffer: BusCoding.write(self)) }

    func write(to json: inout JSONWriter) {
        json.object { json in
            if let calls { json.array("calls", calls) { $1.write(to: &$0) } }
            if let answered { json.field("answered", answered) }
            if let speaker { json.field("speaker", speaker) }
            if let parts { json.array("parts", parts) { $1.write(to: &$0) } }
            if let model { json.field("model", model) }
        }
    }

    func apply(to message: inout Message) {
        (message.toolCalls, message.toolCallID, message.name) = (calls, answered, speaker)
        (message.parts, message.model) = (parts, model)
    }
}
