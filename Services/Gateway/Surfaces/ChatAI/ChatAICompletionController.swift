import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOHTTP1

/// `POST /conversation/completion/{id}`: sends a message and answers with JSON, or with the text as it is generated.
struct ChatAICompletionController: Sendable {
    /// How long a caller waits for the end of a run, which has its own timeouts.
    private static let deadline = Duration.seconds(900)

    let conversations: any Bus

    func complete(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        var fields = try await FastAPIBody.fields(request)
        let message = fields.string("message")
        let isStreamed = fields.boolean("stream", default: false)
        try fields.check()
        let start = Runs.Start(
            conversation: try context.conversation(),
            content: Message.Content(text: message),
            key: try IdempotencyKey.read(request)
        )
        do {
            return isStreamed ? try await stream(start, context) : try await answer(start, context)
        } catch let fault as Fault where fault.code == .forbidden {
            // A conversation of another user does not exist for this one.
            throw Fault(.missing, "Conversation not found")
        }
    }

    private func answer(_ start: Runs.Start, _ context: AuthenticatedContext) async throws -> Response {
        var call = context.call
        call.deadline = .now + Self.deadline
        let turn = try await context.answer(call) { try await conversations.call(Runs.Complete(start), $0) }
        var response = answer(turn.end)
        response.headers[.xParleyRun] = turn.run.description
        return response
    }

    /// Returns the message of a finished run; an empty one is a response without content.
    private func answer(_ end: Run.End) -> Response {
        guard end.status == .completed || end.status == .stopped else { return FastAPIResponse.failedRun(end) }
        guard let message = end.assistantMessage, !message.content.text.isEmpty else { return .empty(.noContent) }
        var json = JSONWriter()
        json.chatAIMessage(message) { ChatAITimestamp.precise($0) }
        return .json(json)
    }

    private func stream(_ start: Runs.Start, _ context: AuthenticatedContext) async throws -> Response {
        let events = try await context.stream(context.call) { try await conversations.stream(start, $0) }
        return try await RunTextStream.response(of: events)
    }
}
