import Bus
import Contracts
import HTTP
import JSON
import NIOCore
import NIOHTTP1

/// `GET /?username=` and `GET /sessions?username=`: opens a session of a user, and lists them.
struct SessionsController: Sendable {
    let conversations: any Bus

    func open(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let user = try Self.user(in: request)
        let acting = try context.acting(as: user)
        let open = Conversations.Open(
            persona: Persona.BuiltIn.sitcomTrivia,
            opensAnother: true,
            key: try IdempotencyKey.read(request)
        )
        let session = try await conversations.call(open, acting.call).conversation.id
        var json = JSONWriter()
        json.object { json in
            json.field("message", "Welcome to the chat service \(user)!")
            json.field("session_id", session.sessionID)
        }
        return .json(json)
    }

    func list(_ request: Request, _ context: AuthenticatedContext) async throws -> Response {
        let user = try Self.user(in: request)
        let call = try context.acting(as: user).call
        var beginning = ByteBuffer(string: "{\"username\":")
        JSONText.write(user, to: &beginning)
        beginning.writeStaticString(",\"sessions\":[")
        let first = try await conversations.call(Self.page(after: nil), call)
        return PagedResponse.response(beginning: beginning, first, SessionListEncoder()) { cursor in
            try await conversations.call(Self.page(after: cursor), call)
        }
    }

    /// In the order of creation, in which a session that is used meanwhile keeps its place.
    private static func page(after cursor: String?) -> Conversations.List {
        Conversations.List(
            persona: Persona.BuiltIn.sitcomTrivia,
            limit: PagedResponse.pageSize,
            offset: 0,
            cursor: cursor,
            order: .creation
        )
    }

    /// The user name in the query.
    private static func user(in request: Request) throws -> String {
        var fields = FieldReader(query: request.query)
        let user = fields.string("username", minimumLength: 1)
        try fields.check()
        guard TokenClaims.isUserName(user) else {
            let error = ValidationError(
                type: "value_error",
                location: [.name("query"), .name("username")],
                message: "Value error, a user name must have at most 255 bytes and no control characters",
                input: JSONTree.text(user).json
            )
            throw ValidationErrors(error)
        }
        return user
    }
}

extension Conversation.ID {
    /// The id as seed 004 writes it: without dashes.
    var sessionID: String { description.replacing("-", with: "") }
}

/// Encodes the sessions of a user.
private struct SessionListEncoder: ListEncoder {
    private var isFirst = true

    mutating func write(_ items: [Conversation], to json: inout ByteBuffer) {
        for session in items {
            if !isFirst { json.writeStaticString(",") }
            isFirst = false
            var item = JSONWriter()
            item.object { json in
                json.field("session_id", session.id.sessionID)
                json.field("created_at", V1Timestamp.text(session.createdAt))
                json.field("updated_at", V1Timestamp.text(session.updatedAt))
            }
            json.writeImmutableBuffer(item.buffer)
        }
    }

    func finish(_ json: inout ByteBuffer) {
        json.writeStaticString("]}")
    }
}
