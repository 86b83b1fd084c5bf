import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1

/// `/api/v1/chat/conversations`: create, list and delete conversations.
struct ConversationsController: Sendable {
    let conversations: any Bus

    private struct Body: Decodable {
        var influencer_id: String
        var new: Bool?
    }

    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let body = try await request.body.json(Body.self)
        guard let persona = Persona.ID(body.influencer_id) else {
            throw Fault(.invalid, "`influencer_id` must be a UUID.")
        }
        let opened = try await conversations.call(
            Conversations.Open(
                persona: persona,
                opensAnother: body.new ?? false,
                key: try IdempotencyKey.read(request)
            ),
            context.call
        )
        var json = JSONWriter()
        json.conversation(opened.conversation)
        return V1Response.json(json, status: opened.isNew ? .created : .ok)
    }

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let query = QueryParameters(request)
        let limit = try query.integer("limit", default: 20, in: 1...100)
        let offset = try query.integer("offset", default: 0, in: QueryParameters.offsets)
        let page = try await conversations.call(
            Conversations.List(
                persona: try query.identifier("influencer_id"),
                limit: limit,
                offset: offset,
                cursor: try query.text("cursor")
            ),
            context.call
        )
        var json = JSONWriter()
        json.object { json in
            json.array("conversations", page.items) { $0.conversation($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
            json.field("next", page.next)
        }
        return V1Response.json(json)
    }

    /// Marks the messages of a conversation as read.
    func markRead(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try context.conversation()
        let mark = try await conversations.call(Conversations.MarkRead(id: id), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("id", id.description)
            json.field("unread_count", 0)
            json.field("last_read_at", V1Timestamp.text(mark.readAt))
        }
        return V1Response.json(json)
    }

    func delete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try context.conversation()
        let deleted = try await conversations.call(Conversations.Delete(id: id), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("message", "Conversation deleted successfully")
            json.field("deleted_conversation_id", id.description)
            json.field("deleted_messages_count", deleted.messageCount)
        }
        return V1Response.json(json)
    }
}
