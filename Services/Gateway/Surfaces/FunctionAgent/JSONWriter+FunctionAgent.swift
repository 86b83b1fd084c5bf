import Contracts
import JSON
import NIOCore

/// The messages of seed 002, with its members in its order.
extension JSONWriter {
    mutating func agentMessage(_ message: Message) {
        object { json in
            let calls = message.toolCalls ?? []
            switch message.role {
            case .assistant where calls.isEmpty:
                json.field("content", message.content.text)
                json.field("role", "assistant")
            case .assistant:
                json.field("role", "assistant")
                json.objects("tool_calls", calls) { json, call in
                    json.field("id", call.id)
                    json.object("function") { json in
                        json.field("arguments", call.function.arguments)
                        json.field("name", call.function.name)
                    }
                    json.field("type", "function")
                }
                json.field("content", message.content.text)
            case .tool:
                json.field("role", "tool")
                json.field("name", message.name)
                json.field("content", message.content.text)
                if let id = message.toolCallID { json.field("tool_call_id", id) }
            case .user, .system:
                json.field("role", message.role.rawValue)
                json.field("content", message.content.text)
            }
        }
    }
}

/// Encodes the messages of a conversation after its system prompt.
struct TranscriptEncoder: ListEncoder {
    /// Returns the beginning of a conversation up to its system prompt.
    static func beginning(of conversation: Conversation.ID, systemPrompt: String) -> ByteBuffer {
        var json = ByteBuffer(
            string: "{\"conversation_id\":\"\(conversation)\",\"messages\":[{\"role\":\"system\",\"content\":"
        )
        JSONText.write(systemPrompt, to: &json)
        json.writeStaticString("}")
        return json
    }

    func write(_ items: [Message], to json: inout ByteBuffer) {
        for message in items {
            var item = JSONWriter()
            item.agentMessage(message)
            json.writeStaticString(",")
            json.writeImmutableBuffer(item.buffer)
        }
    }

    func finish(_ json: inout ByteBuffer) {
        json.writeStaticString("]}")
    }
}
