import Bus
import Contracts
import HTTP
import JSON

/// `/api/v1/chat/conversations/{id}/messages`: list messages and select branches.
struct MessagesController: Sendable {
    private static let limits = 1...200

    let conversations: any Bus

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try context.conversation()
        let query = QueryParameters(request)
        let limit = try query.integer("limit", default: 50, in: Self.limits)
        let offset = try query.integer("offset", default: 0, in: QueryParameters.offsets)
        let list = Messages.List(
            conversation: id,
            limit: limit,
            offset: offset,
            order: try query.order(default: .descending),
            before: try query.identifier("before"),
            after: try query.identifier("after")
        )
        let page = try await conversations.call(list, context.call)
        return answer(page, of: id, limit: limit, offset: offset)
    }

    func siblings(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (id, message) = (try context.conversation(), try context.message())
        let query = QueryParameters(request)
        let siblings = Messages.Siblings(
            conversation: id,
            message: message,
            limit: try query.integer("limit", in: Self.limits),
            after: try query.identifier("after")
        )
        let page = try await conversations.call(siblings, context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("conversation_id", id.description)
            json.array("messages", page.items) { $0.message($1) }
            json.field("total", page.total)
            json.field("next", page.next)
        }
        return V1Response.json(json)
    }

    /// Selects the branch of a message; returns the newest messages of that branch.
    func select(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (id, message) = (try context.conversation(), try context.message())
        let limit = try QueryParameters(request).integer("limit", default: 50, in: Self.limits)
        let select = Messages.Select(conversation: id, message: message, limit: limit)
        return answer(try await conversations.call(select, context.call), of: id, limit: limit, offset: 0)
    }

    private func answer(_ page: Page<Message>, of id: Conversation.ID, limit: Int, offset: Int) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.field("conversation_id", id.description)
            json.array("messages", page.items) { $0.message($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
            json.field("next", page.next)
        }
        return V1Response.json(json)
    }
}
