import Bus
import Contracts
import HTTP
import HTTPTypes
import JSON
import NIOCore
import NIOHTTP1

/// `PUT /chat/{session_id}` and `GET /chat_history/{session_id}`: messages of a session, and its history.
struct SessionChatController: Sendable {
    let conversations: any Bus
    let events: SessionEventStream

    /// Sends a message; the response is a stream of the answer.
    func send(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let message = try await Self.message(in: request)
        let key = try IdempotencyKey.read(request)
        let (session, owner) = try await find(context)
        let start = Runs.Start(
            conversation: session.id,
            content: Message.Content(text: message),
            key: key,
            options: Run.Options(temperature: 0)
        )
        let stream = try await owner.stream(owner.call) { try await conversations.stream(start, $0) }
        return try await events.response(to: stream)
    }

    /// Reads `payload`; the other members of a session are valid, and ignored.
    private static func message(in request: Request) async throws -> String {
        var fields = try await FastAPIBody.fields(request)
        let message = fields.string("payload")
        _ = fields.optionalString("session_id")
        _ = fields.optionalString("username")
        switch fields.value("message_history") {
        case nil, .null, .array: break
        case let other?:
            fields.add(
                ValidationError(
                    type: "list_type",
                    location: fields.location("message_history"),
                    message: "Input should be a valid list",
                    input: other.json
                )
            )
        }
        try fields.check()
        return message
    }

    func history(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let (session, owner) = try await find(context)
        let call = owner.call
        let first = try await conversations.call(PagedResponse.messages(of: session.id), call)
        return PagedResponse.response(
            beginning: SessionHistoryEncoder.beginning(of: session),
            first,
            SessionHistoryEncoder()
        ) { last in try await conversations.call(PagedResponse.messages(of: session.id, after: last), call) }
    }

    /// The demonstration of a stream.
    func example(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        events.response(tokens: ["hello", ", ", "this ", "is ", "a ", "streamed ", "response."])
    }

    /// Returns the session in the path, and the context that acts as its owner.
    ///
    /// Without a credential the id is enough; with one, only the owner and admins find the session. Throws `missing` for
    /// any other session, and for a malformed id.
    private func find(
        _ context: AuthenticatedContext
    ) async throws -> (session: Conversation, owner: AuthenticatedContext) {
        let name = context.parameters.get("session_id") ?? ""
        let notFound = Fault(.missing, "Invalid session id: \(name)")
        guard let id = Conversation.ID(name) else { throw notFound }
        do {
            var call = context.call
            call.principal = nil
            let session = try await conversations.call(Conversations.Find(id: id), call)
            let isAllowed =
                context.isAnonymous || context.principal.role == .admin
                || context.principal.user.utf8.elementsEqual(session.user.utf8)
            guard session.persona.id == Persona.BuiltIn.sitcomTrivia, isAllowed else { throw notFound }
            return (session, try context.acting(as: session.user))
        } catch let fault as Fault where fault.code == .missing {
            throw notFound
        }
    }
}
