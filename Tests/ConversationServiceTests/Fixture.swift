import Bus
import Contracts
import ConversationService
import Foundation
import HTTP
import ServiceKit
import TestSupport

/// A conversation-svc with a real database file and socket, connected to a scripted inference-svc.
struct Fixture {
    static let token = "a-secret-of-the-bus-for-the-tests-only"

    let bus: HTTPBus
    let inference: ScriptedInference
    let directory: String
    let port: Int

    /// Runs the service in a new directory.
    static func with<Value>(
        settings: [String: String] = [:],
        _ body: (Fixture) async throws -> Value
    ) async throws -> Value {
        try await withTemporaryDirectory { directory in try await with(directory, settings: settings, body) }
    }

    /// Runs the service in a directory that may contain an existing database.
    static func with<Value>(
        _ directory: String,
        settings: [String: String] = [:],
        _ body: (Fixture) async throws -> Value
    ) async throws -> Value {
        let inference = ScriptedInference()
        let behind = ServiceUnit.bus(table: inference.table, host: "127.0.0.1", port: 0, token: token)
        return try await withRunning(behind) { inferencePort in
            var values = [
                "DATA_DIR": directory, "CONVERSATION_PORT": "0", "BUS_TOKEN": token,
                "INFERENCE_URL": "http://127.0.0.1:\(inferencePort)",
            ]
            values.merge(settings) { $1 }
            let unit = try await ConversationService.unit(settings: Settings(values: values))
            return try await withRunning(unit) { port in
                let bus = try HTTPBus(
                    peer: "conversation-svc",
                    urls: ["http://127.0.0.1:\(port)"],
                    token: token,
                    client: HTTPClient()
                )
                return try await body(Fixture(bus: bus, inference: inference, directory: directory, port: port))
            }
        }
    }

    func context(_ user: String = "alice") -> CallContext {
        CallContext(principal: Principal(user: user))
    }

    /// Opens a conversation with the first persona.
    func open(_ user: String = "alice", another: Bool = false) async throws -> Conversation {
        let personas = try await bus.call(Personas.List(limit: 1, offset: 0), context(user))
        guard let persona = personas.items.first else { throw Fault(.missing, "There is no persona.") }
        let request = Conversations.Open(persona: persona.id, opensAnother: another)
        return try await bus.call(request, context(user)).conversation
    }

    func send(
        _ text: String,
        in conversation: Conversation,
        as user: String = "alice",
        key: String? = nil
    ) async throws -> Turn {
        let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: text), key: key)
        return try await bus.call(Runs.Complete(start), context(user))
    }

    /// Edits a message, or regenerates an answer if there is no text.
    func send(
        _ text: String?,
        insteadOf message: Message.ID,
        in conversation: Conversation,
        key: String? = nil
    ) async throws -> Turn {
        let content = text.map { Message.Content(text: $0) }
        let start = Runs.Start(conversation: conversation.id, content: content, insteadOf: message, key: key)
        return try await bus.call(Runs.Complete(start), context())
    }

    func start(
        _ text: String,
        in conversation: Conversation,
        as user: String = "alice",
        key: String? = nil
    ) async throws -> ElementStream<Run.Event> {
        let request = Runs.Start(conversation: conversation.id, content: Message.Content(text: text), key: key)
        return try await bus.stream(request, context(user))
    }

    func messages(of conversation: Conversation, as user: String = "alice") async throws -> [Message] {
        let request = Messages.List(conversation: conversation.id, limit: 1000, offset: 0, order: .ascending)
        return try await bus.call(request, context(user)).items.map(\.unmarked)
    }

    func find(_ run: Run.ID, of conversation: Conversation, as user: String = "alice") async throws -> Run {
        try await bus.call(Runs.Find(conversation: conversation.id, run: run), context(user))
    }
}
