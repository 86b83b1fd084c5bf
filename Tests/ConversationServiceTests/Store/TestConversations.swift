import Contracts
import Synchronization
import Testing

@testable import ConversationService

/// Conversations of a user in a store, whose runs are finished without a model.
final class TestConversations: Sendable {
    /// The messages of a stored turn.
    struct StoredTurn {
        var run: Run.ID
        var question: Message
        var answer: Message?
    }

    let store: any ConversationStoreSuite.Store
    let personas: [Persona.ID]
    let ada = Principal(user: "ada")
    private let clock = Mutex(Timestamp.now().microseconds)

    init(_ store: any ConversationStoreSuite.Store) async throws {
        self.store = store
        try await store.installPersonas(BuiltInPersonas.all)
        personas = BuiltInPersonas.listed.map(\.persona.id)
    }

    /// Returns a time that is later than all others.
    func next() -> Timestamp {
        clock.withLock { clock in
            clock += 1000
            return Timestamp(microseconds: clock)
        }
    }

    func opening(persona: Int = 0, another: Bool = false, key: String? = nil) -> ConversationOpening {
        ConversationOpening(
            user: "ada",
            persona: personas[persona],
            opensAnother: another,
            key: key,
            moment: next()
        )
    }

    func open(another: Bool = false, key: String? = nil) async throws -> Conversations.Opened {
        try await store.openConversation(opening(another: another, key: key)).get()
    }

    /// Stores a question with a run in progress.
    func start(
        _ cause: StartTurn.Cause,
        in conversation: Conversation.ID,
        waits: Bool = false
    ) async throws -> (run: Run.ID, question: Message) {
        var question = Message.ID(at: next())
        if case .regenerate(let id) = cause { question = id }
        let run = Run(
            id: Run.ID(at: next()),
            conversation: conversation,
            status: waits ? .queued : .running,
            model: nil,
            userMessage: question,
            assistantMessage: nil,
            lastEvent: 1,
            usage: nil,
            fault: nil,
            createdAt: next(),
            endedAt: nil
        )
        let turn = StartTurn(conversation: conversation, cause: cause, run: run, principal: ada)
        guard case .started(let message, _) = try await store.startTurn(turn) else {
            throw Fault(.internal, "The turn was not stored.")
        }
        return (run.id, message)
    }

    /// Returns a finished answer; without text, a failed run.
    func ending(_ run: Run.ID, _ text: String?, next: Run.ID? = nil) -> FinishRun {
        FinishRun(
            run: run,
            end: Run.End(status: text == nil ? .failed : .completed, assistantMessage: nil, model: "x/y"),
            answer: text.map { answer(of: run, $0) },
            lastEvent: 3,
            moment: self.next(),
            next: next
        )
    }

    func answer(of run: Run.ID, _ text: String, role: Message.Role = .assistant) -> RunStep {
        let message = Message(
            id: Message.ID(at: next()),
            role: role,
            content: Message.Content(text: text),
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: 1,
            createdAt: next()
        )
        return RunStep(message: message, chunks: [.init(kind: .text, bytes: text.utf8.count)])
    }

    /// Stores a turn with its answer; without an answer, its run fails.
    @discardableResult
    func turn(_ question: String, _ answer: String?, in conversation: Conversation.ID) async throws -> StoredTurn {
        try await turn(.message(Message.Content(text: question)), answer, in: conversation)
    }

    @discardableResult
    func turn(_ cause: StartTurn.Cause, _ answer: String?, in conversation: Conversation.ID) async throws -> StoredTurn
    {
        let (run, question) = try await start(cause, in: conversation)
        guard case .finished(let stored) = try await store.finishRun(ending(run, answer)) else {
            throw Fault(.internal, "The end was not stored.")
        }
        return StoredTurn(run: run, question: question, answer: stored)
    }

    func select(_ message: Message.ID, in conversation: Conversation.ID) async throws {
        let request = Messages.Select(conversation: conversation, message: message, limit: 1)
        _ = try await store.selectPath(request, of: ada, at: next()).get()
    }

    func messages(of conversation: Conversation.ID, limit: Int = 1000) async throws -> [Message] {
        let request = Messages.List(conversation: conversation, limit: limit, offset: 0, order: .ascending)
        return try await store.listMessages(request, of: ada).get().items
    }

    func texts(of conversation: Conversation.ID, limit: Int = 1000) async throws -> [String] {
        try await messages(of: conversation, limit: limit).map(\.content.text)
    }
}

extension Result where Failure == Fault {
    /// The refusal, if any.
    var fault: Fault? {
        if case .failure(let fault) = self { fault } else { nil }
    }
}
