import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `POST /api/prompt/`: continues the one conversation that each user has here.
///
/// Nothing is held while the answer is generated: a prompt may be sent in the middle of another request of the same user,
/// as the speech service does.
struct APIGatewayPromptController: Sendable {
    /// How long a caller waits for the end of a run, which has its own timeouts.
    private static let deadline = Duration.seconds(900)

    let conversations: any Bus

    private struct Prompt {
        var model: String
        var text: String
        var username: String?
    }

    func prompt(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let prompt = try await APIGatewayBody.read(request) { fields in
            Prompt(
                model: fields.string("model", minimumLength: 1),
                text: fields.string("text"),
                username: fields.optionalString("username")
            )
        }
        let context = try prompt.username.map { try context.acting(as: $0) } ?? context
        let open = Conversations.Open(persona: Persona.BuiltIn.continuation)
        let conversation = try await conversations.call(open, context.call).conversation
        let start = Runs.Start(
            conversation: conversation.id,
            content: Message.Content(text: prompt.text),
            key: try IdempotencyKey.read(request),
            options: Run.Options(model: prompt.model)
        )
        var call = context.call
        call.deadline = .now + Self.deadline
        let turn = try await context.answer(call) { try await conversations.call(Runs.Complete(start), $0) }
        guard turn.end.status == .completed || turn.end.status == .stopped else {
            throw Self.fault(turn.end)
        }
        var json = JSONWriter()
        json.object { json in
            json.field("model", prompt.model)
            json.field("text", turn.end.assistantMessage?.content.text ?? "")
        }
        var response = Response.json(json)
        response.headers[.xParleyRun] = turn.run.description
        return response
    }

    /// The fault of a run without an answer: an unknown model and a text that is too long are the caller's, everything
    /// else is trouble of the model.
    private static func fault(_ end: Run.End) -> Fault {
        var fault = RunFault(of: end).fault
        if ![.missing, .invalid, .contextTooLong, .quotaExceeded].contains(fault.code) { fault.code = .provider }
        return fault
    }
}
