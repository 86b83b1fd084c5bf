import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle

/// Finds facts about the user in finished turns and changes the user's memories accordingly, in the background.
///
/// The model that answered is asked; its usage counts as the user's. The changes of a turn are applied all together or not
/// at all. A turn never fails or waits because of it.
final class MemoryExtraction: Service {
    /// A finished turn.
    struct FinishedTurn: Sendable {
        var user: String
        var conversation: Conversation.ID
        var question: Message.ID
        var message: String
        var answer: String
        /// The model that answered.
        var model: String
    }

    /// The result for a turn.
    enum Outcome: String, Sendable {
        case applied
        case unchanged
        /// The model's answer is not valid, or names a memory that it was not shown or that no longer exists.
        case rejected
        case failed
    }

    /// Maximum number of waiting turns; further ones are skipped.
    private static let queueLimit = 100
    /// Number of memories that are shown to the model.
    private static let shownCount = 10
    private static let tokenLimit = 1000
    /// How much of the message and of the answer the model gets, in bytes.
    private static let textLimit = 8192

    private let store: any MemoryStore
    private let search: MemorySearch
    private let runs: BackgroundRuns
    private let turns: AsyncStream<FinishedTurn>
    private let queue: AsyncStream<FinishedTurn>.Continuation

    init(store: any MemoryStore, search: MemorySearch, runs: BackgroundRuns) {
        self.store = store
        self.search = search
        self.runs = runs
        (turns, queue) = AsyncStream.makeStream(
            of: FinishedTurn.self,
            bufferingPolicy: .bufferingOldest(Self.queueLimit)
        )
    }

    /// Queues a turn; does not block.
    func add(_ turn: FinishedTurn) {
        // The built-in model generates no JSON on request.
        guard !turn.model.hasPrefix("demo/"), !turn.message.isEmpty else { return }
        if case .dropped = queue.yield(turn) { Self.count("skipped") }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await turn in self.turns {
                guard !Task.isCancelled else { return }
                Self.count(await self.process(turn).rawValue)
            }
        }
    }

    /// Asks the model about a turn and applies its changes.
    func process(_ turn: FinishedTurn) async -> Outcome {
        do {
            let message = String(turn.message.prefix(bytes: Self.textLimit))
            let answer = String(turn.answer.prefix(bytes: Self.textLimit))
            let shown = try await search.find(
                message,
                of: turn.user,
                limit: Self.shownCount,
                breadth: .nearest,
                CallContext()
            )
            let request = BackgroundRuns.Request(
                conversation: turn.conversation,
                purpose: "memories",
                system: MemoryExtractionPrompt.system,
                prompt: MemoryExtractionPrompt.text(message: message, answer: answer, memories: shown),
                options: Run.Options(model: turn.model, maxTokens: Self.tokenLimit, temperature: 0)
            )
            let text = try await runs.perform(request)
            guard let edits = MemoryExtractionPrompt.edits(from: text, shown: Set(shown.map(\.id))) else {
                return .rejected
            }
            return try await apply(edits, of: turn)
        } catch {
            Logger.current.info(
                "No facts extracted from a turn",
                metadata: [
                    "conversation.id": "\(turn.conversation)", "error": "\((error as? Fault)?.message ?? "\(error)")",
                ]
            )
            return .failed
        }
    }

    private func apply(_ edits: MemoryEdits, of turn: FinishedTurn) async throws -> Outcome {
        guard !edits.isEmpty else { return .unchanged }
        let origin = MemoryOrigin(
            user: turn.user,
            source: .extraction,
            conversation: turn.conversation,
            message: turn.question,
            moment: .now()
        )
        switch try await store.applyEdits(edits, to: origin) {
        case .success(let applied):
            search.embeddings?.start()
            return applied == MemoryEdits.Applied() ? .unchanged : .applied
        case .failure:
            return .rejected
        }
    }

    private static func count(_ outcome: String) {
        Counter(label: "conversation.memories.extractions", dimensions: [("outcome", outcome)]).increment()
    }
}
