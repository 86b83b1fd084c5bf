import Bus
import Contracts
import HTTP
import JSON
import NIOHTTP1

/// `/api/v1/memories`: list, search, create, change and delete the caller's own memories.
struct MemoriesController: Sendable {
    let conversations: any Bus

    private struct Body: Decodable {
        var text: String?

        func required() throws -> String {
            guard let text else { throw Fault(.invalid, "`text` is required.") }
            return text
        }
    }

    /// Returns a page of the memories, newest first; with `q`, those that match it, best first.
    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let query = QueryParameters(request)
        if let text = try query.text("q") { return try await search(text, query, context) }
        let limit = try query.integer("limit", default: 50, in: 1...200)
        let offset = try query.integer("offset", default: 0, in: QueryParameters.offsets)
        let page = try await conversations.call(Memories.List(limit: limit, offset: offset), context.call)
        var json = JSONWriter()
        json.object { json in
            json.array("memories", page.items) { $0.memory($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
        }
        return V1Response.json(json)
    }

    private func search(
        _ text: String,
        _ query: QueryParameters,
        _ context: AuthenticatedContext
    ) async throws -> Response {
        let limit = try query.integer("limit", default: 20, in: Memories.Search.limits)
        _ = try query.integer("offset", in: 0...0)
        let found = try await conversations.call(Memories.Search(query: text, limit: limit), context.call)
        var json = JSONWriter()
        json.object { json in
            json.array("memories", found) { $0.memory($1) }
            json.field("total", found.count)
            json.field("limit", limit)
            json.field("offset", 0)
        }
        return V1Response.json(json)
    }

    /// Stores a memory: 201, or 200 if the caller had one with the same text.
    func create(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let body = try await request.body.json(Body.self)
        let create = Memories.Create(text: try body.required(), key: try IdempotencyKey.read(request))
        let created = try await conversations.call(create, context.call)
        return answer(created.memory, status: created.isNew ? .created : .ok)
    }

    func find(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        answer(try await conversations.call(Memories.Find(id: memory(context)), context.call))
    }

    func change(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try memory(context)
        let body = try await request.body.json(Body.self)
        return answer(try await conversations.call(Memories.Change(id: id, text: body.required()), context.call))
    }

    func delete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try memory(context)
        _ = try await conversations.call(Memories.Delete(id: id), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("deleted_memory_id", id.description)
        }
        return V1Response.json(json)
    }

    func clear(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let deleted = try await conversations.call(Memories.Clear(), context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("success", true)
            json.field("deleted_memories_count", deleted.count)
        }
        return V1Response.json(json)
    }

    private func memory(_ context: AuthenticatedContext) throws -> Memory.ID {
        try context.identifier("id", missing: "Memory not found")
    }

    private func answer(_ memory: Memory, status: HTTPResponseStatus = .ok) -> Response {
        var json = JSONWriter()
        json.memory(memory)
        return V1Response.json(json, status: status)
    }
}

extension JSONWriter {
    fileprivate mutating func memory(_ memory: Memory) {
        object { json in
            json.field("id", memory.id.description)
            json.field("text", memory.text)
            json.field("source", memory.source.rawValue)
            json.field("conversation_id", memory.conversation?.description)
            json.field("message_id", memory.message?.description)
            json.field("created_at", V1Timestamp.text(memory.createdAt))
            json.field("updated_at", V1Timestamp.text(memory.updatedAt))
        }
    }
}
