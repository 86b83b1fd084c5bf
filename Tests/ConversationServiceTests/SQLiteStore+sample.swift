import Contracts
import Testing

@testable import ConversationService

extension SQLiteStore {
    /// Opens a store with the built-in personas in a directory.
    static func sample(in directory: String) async throws -> SQLiteStore {
        let store = try await SQLiteStore.open(at: directory + "/conversation.sqlite")
        try await PersonaHandlers(store: store, revision: PersonaRevision()).install()
        return store
    }

    func openConversation(_ user: String = "alice") async throws -> Conversation {
        let persona = try #require(try await listPersonas(limit: 1, offset: 0).items.first)
        let opening = ConversationOpening(
            user: user,
            persona: persona.id,
            opensAnother: true,
            key: nil,
            moment: .now()
        )
        return try await openConversation(opening).get().conversation
    }

    /// Stores a turn whose run is queued or started.
    func startTurn(
        _ text: String = "Hello",
        in conversation: Conversation,
        status: Run.Status = .running,
        options: Run.Options? = nil,
        byteLimit: Int = 256 * 1024
    ) async throws -> LiveRun {
        let cause = StartTurn.Cause.message(Message.Content(text: text))
        let turn = StartTurn(
            conversation: conversation.id,
            cause: cause,
            run: Run(for: cause, in: conversation.id, waits: status == .queued, at: .now()),
            options: options,
            principal: Principal(user: conversation.user)
        )
        guard case .started(let question, _) = try await startTurn(turn) else {
            throw Fault(.internal, "The turn was not stored.")
        }
        return LiveRun(stored: turn.run, question: question, byteLimit: byteLimit)
    }

    /// Stores events of a run, as its process does while it generates.
    func appendTexts(_ texts: [String], to run: Run.ID) async throws {
        let lines = texts.enumerated().map { RunEventJSON.text($1, number: $0 + 2) }
        try await appendEvents([RunEventBatch(run: run, first: 2, lines: lines)])
    }
}

extension RunWriter {
    /// A writer with parts of its own.
    static func sample(_ store: any RunStore) -> RunWriter {
        RunWriter(
            store: store,
            eventWriter: RunEventWriter(store: store),
            runs: LiveRuns(limit: 0),
            tasks: RunTasks(),
            unfinished: UnfinishedEnds(store: store)
        )
    }
}
