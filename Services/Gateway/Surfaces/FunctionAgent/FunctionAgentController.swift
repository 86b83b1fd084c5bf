import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `POST /prompt` and `GET /conversation/{conversation_id}`: prompts to the function agent, and its conversations.
struct FunctionAgentController: Sendable {
    let conversations: any Bus

    private static let notFound = Fault(.missing, "Conversation not found")

    /// Sends a prompt, in a new conversation unless the query names one; the body is ignored.
    ///
    /// The response has the conversation's id in a header too, so that a client knows it after a failed turn.
    func prompt(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        var fields = FieldReader(query: request.query)
        let prompt = fields.string("prompt")
        let name = fields.optionalString("conversation_id")
        try fields.check()
        guard !prompt.isEmpty else { throw Fault(.invalid, "Prompt cannot be empty") }
        let key = try IdempotencyKey.read(request)
        let id: Conversation.ID
        if let name { id = try await find(name, context).id } else { id = try await open(key: key, context) }
        let start = Runs.Start(conversation: id, content: Message.Content(text: prompt), key: key)
        var response: Response
        do {
            response = try await answer(start, context)
        } catch let fault as Fault {
            response = FastAPIResponse.error(fault)
        }
        response.headers[.xParleyConversation] = id.description
        return response
    }

    private func answer(_ start: Runs.Start, _ context: AuthenticatedContext) async throws -> Response {
        // Streamed, because the steps of a run may be too large for one value of the bus.
        let stream = try await context.stream(context.call) { try await conversations.stream(start, $0) }
        defer { stream.close() }
        var (steps, end): ([Message], Run.End?) = ([], nil)
        while let batch = try await stream.nextBatch() {
            steps += batch.compactMap(\.step)
            end = batch.compactMap(\.end).last ?? end
        }
        guard let end else {
            throw Fault(.cut, "The turn's events stopped before its end. Read the conversation for what is stored.")
        }
        guard end.status == .completed || end.status == .stopped else { return FastAPIResponse.failedRun(end) }
        var json = JSONWriter()
        json.object { json in
            json.field("conversation_id", start.conversation.description)
            json.array("new_messages", steps + [end.assistantMessage].compactMap(\.self)) { $0.agentMessage($1) }
        }
        var response = Response.json(json)
        if let timing = end.timing {
            response.headers[.serverTiming] = ServerTiming.entries(queue: timing.queue, upstream: timing.upstream)
        }
        return response
    }

    /// Returns the whole conversation, with its system prompt.
    func conversation(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let id = try await find(context.parameters.get("conversation_id") ?? "", context).id
        let call = context.call
        let prompt = try await conversations.call(Conversations.SystemPrompt(id: id), call)
        let beginning = TranscriptEncoder.beginning(of: id, systemPrompt: prompt.text)
        let first = try await conversations.call(PagedResponse.messages(of: id), call)
        return PagedResponse.response(beginning: beginning, first, TranscriptEncoder()) { last in
            try await conversations.call(PagedResponse.messages(of: id, after: last), call)
        }
    }

    private func open(key: String?, _ context: AuthenticatedContext) async throws -> Conversation.ID {
        let open = Conversations.Open(persona: Persona.BuiltIn.functionAgent, opensAnother: true, key: key)
        return try await conversations.call(open, context.call).conversation.id
    }

    /// Returns a conversation of the caller with the function agent.
    ///
    /// Throws `missing` for any other conversation, and for a malformed id.
    private func find(_ name: String, _ context: AuthenticatedContext) async throws -> Conversation {
        guard let id = Conversation.ID(name) else { throw Self.notFound }
        do {
            let conversation = try await conversations.call(Conversations.Find(id: id), context.call)
            guard conversation.persona.id == Persona.BuiltIn.functionAgent else { throw Self.notFound }
            return conversation
        } catch let fault as Fault where fault.code == .missing || fault.code == .forbidden {
            throw Self.notFound
        }
    }
}
