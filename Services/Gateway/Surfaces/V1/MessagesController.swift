import Bus
import Contracts
import Hummingbird

/// `/api/v1/chat/conversations/{id}/messages`: read what was said, and say something.
struct MessagesController: Sendable {
    let conversations: any Bus

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id: Conversation.ID = try context.identifier("id", missing: "Conversation not found")
        let query = PageQuery(request)
        let limit = try query.integer("limit", default: 50, in: 1...200)
        let offset = try query.integer("offset", default: 0, in: PageQuery.offsets)
        let list = Messages.List(
            conversation: id,
            limit: limit,
            offset: offset,
            order: try query.order(default: .descending)
        )
        let page = try await conversations.call(list, context.call)
        var json = JSONWriter()
        json.object { json in
            json.field("conversation_id", id.description)
            json.array("messages", page.items) { $0.message($1) }
            json.field("total", page.total)
            json.field("limit", limit)
            json.field("offset", offset)
        }
        return V1Answer.json(json)
    }

    /// Stores the message and answers it: as JSON when the answer is whole, or as it is made.
    func post(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id: Conversation.ID = try context.identifier("id", missing: "Conversation not found")
        let body = try await RequestBody.read(MessageBody.self, from: request)
        let content = try body.validated()
        guard body.stream == true || RunStream.isWanted(by: request) else {
            return try await complete(content, in: id, context)
        }
        let started = ContinuousClock.now
        let stream = try await conversations.stream(Runs.Start(conversation: id, content: content), context.call)
        return try await RunStream.response(toTurn: stream, since: started)
    }

    private func complete(
        _ content: Message.Content,
        in id: Conversation.ID,
        _ context: AuthenticatedContext
    ) async throws -> Response {
        var call = context.call
        // The run has its own limits; this only bounds the wait for them.
        call.deadline = .now + .seconds(900)
        let turn = try await conversations.call(Runs.Complete(conversation: id, content: content), call)
        var response = answer(turn)
        if let timing = turn.end.timing {
            response.headers[.serverTiming] = ServerTiming.entries(queue: timing.queue, upstream: timing.upstream)
        }
        response.headers[.xParleyRun] = turn.run.description
        return response
    }

    private func answer(_ turn: Turn) -> Response {
        guard turn.end.status == .completed || turn.end.status == .stopped else {
            var fault = turn.end.fault ?? Fault(.unavailable, "No answer could be made.")
            if fault.code != .full { fault.code = .unavailable }
            return V1Answer.fault(fault) { json in
                json.field("run_id", turn.run.description)
                json.field("status", turn.end.status.rawValue)
                json.message("user_message", turn.userMessage)
                json.message("assistant_message", turn.end.assistantMessage)
            }
        }
        var json = JSONWriter()
        json.object { json in
            json.message("user_message", turn.userMessage)
            json.end(turn.end)
        }
        return V1Answer.json(json)
    }
}
