import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1

/// `/conversation`: create and list conversations.
struct ChatAIConversationsController: Sendable {
    let conversations: any Bus

    /// Creates a conversation; a body is ignored.
    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let open = Conversations.Open(
            persona: Persona.BuiltIn.chat,
            opensAnother: true,
            key: try IdempotencyKey.read(request)
        )
        let conversation = try await conversations.call(open, context.call).conversation
        var json = JSONWriter()
        json.object { json in
            json.field("id", conversation.id.description)
            json.array("messages", [] as [Message]) { $0.chatAIMessage($1) { ChatAITimestamp.precise($0) } }
            json.field("created_at", ChatAITimestamp.precise(conversation.createdAt))
        }
        return .json(json)
    }

    /// Returns all conversations with all their messages, oldest first.
    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        try await ChatAIConversationList(conversations: conversations, call: context.call).response()
    }
}

extension JSONWriter {
    /// Writes a message with the time in a format.
    mutating func chatAIMessage(_ message: Message, _ time: (Timestamp) -> String) {
        object { json in
            json.field("id", message.id.description)
            json.field("author", message.role.rawValue)
            json.field("content", message.content.text)
            json.field("created_at", time(message.createdAt))
        }
    }
}
