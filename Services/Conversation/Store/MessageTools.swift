import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// What a message has to do with tools, and who speaks, as one column; most messages have none of it.
struct MessageTools: Codable, JSONWritable, JSONReadable {
    private var calls: [Inference.ToolCall]?
    private var answered: String?
    private var speaker: String?

    /// Nothing for a message that is no more than its text.
    init?(_ message: Message) {
        guard message.toolCalls != nil || message.toolCallID != nil || message.name != nil else { return nil }
        (calls, answered, speaker) = (message.toolCalls, message.toolCallID, message.name)
    }

    /// Reads a column.
    init(text: String) throws {
        self = try StoredValue.decode(Self.self, text)
    }

    init(from json: inout JSONScanner) throws {
        try json.object { name, json in
            switch name {
            case "calls": calls = try json.list()
            case "answered": answered = try json.string()
            case "speaker": speaker = try json.string()
            default: throw JSONScanner.Malformed()
            }
        }
    }

    /// As it stands in the column.
    var text: String { String(buffer: BusCoding.write(self)) }

    func write(to json: inout JSONWriter) {
        json.object { json in
            if let calls { json.array("calls", calls) { $1.write(to: &$0) } }
            if let answered { json.field("answered", answered) }
            if let speaker { json.field("speaker", speaker) }
        }
    }

    func apply(to message: inout Message) {
        (message.toolCalls, message.toolCallID, message.name) = (calls, answered, speaker)
    }
}
