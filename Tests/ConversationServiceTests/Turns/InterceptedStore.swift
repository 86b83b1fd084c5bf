import Contracts
import Synchronization

@testable import ConversationService

/// A store that runs a hook before a verb, which can fail, wait or look at what is stored.
final class InterceptedStore: RunStore {
    /// The verbs that can be intercepted.
    enum Verb: Hashable {
        case recallConversation, startTurn, beginRun, appendStep, finishRun, finishRuns
    }

    typealias Hook = @Sendable () async throws -> Void

    let base: SQLiteStore
    private let hooks = Mutex<[Verb: Hook]>([:])
    private let counts = Mutex<[Verb: Int]>([:])

    init(_ base: SQLiteStore) {
        self.base = base
    }

    /// Sets the hook of a verb; `nil` removes it.
    func before(_ verb: Verb, _ hook: Hook?) {
        hooks.withLock { $0[verb] = hook }
    }

    /// Makes the next calls of a verb fail.
    func fail(_ verb: Verb, with fault: Fault, times: Int = .max) {
        let left = Mutex(times)
        before(verb) {
            let isFailing = left.withLock { left in
                guard left > 0 else { return false }
                left -= 1
                return true
            }
            if isFailing { throw fault }
        }
    }

    /// Number of calls of a verb.
    func count(_ verb: Verb) -> Int { counts.withLock { $0[verb] ?? 0 } }

    private func intercept(_ verb: Verb) async throws {
        counts.withLock { $0[verb, default: 0] += 1 }
        if let hook = hooks.withLock({ $0[verb] }) { try await hook() }
    }

    func recallConversation(_ id: Conversation.ID) async throws -> Result<RecalledConversation, Fault> {
        try await intercept(.recallConversation)
        return try await base.recallConversation(id)
    }

    func recallPersona(_ id: Persona.ID) async throws -> StoredPersona? {
        try await base.recallPersona(id)
    }

    func instructions(of conversation: Conversation.ID) async throws -> String? {
        try await base.instructions(of: conversation)
    }

    func recallHistory(of run: Run.ID) async throws -> Result<RecalledHistory, Fault> {
        try await base.recallHistory(of: run)
    }

    func options(of run: Run.ID) async throws -> Run.Options? {
        try await base.options(of: run)
    }

    func findRun(
        of key: IdempotencyKey,
        in conversation: Conversation.ID
    ) async throws -> KeyedRun? {
        try await base.findRun(of: key, in: conversation)
    }

    func findMessage(
        _ id: Message.ID,
        orItsQuestion isQuestion: Bool,
        in conversation: Conversation.ID
    ) async throws -> Result<Message, Fault> {
        try await base.findMessage(id, orItsQuestion: isQuestion, in: conversation)
    }

    func startTurn(_ turn: StartTurn) async throws -> StartTurn.Outcome {
        try await intercept(.startTurn)
        return try await base.startTurn(turn)
    }

    func beginRun(_ run: Run.ID) async throws -> RunWrite {
        try await intercept(.beginRun)
        return try await base.beginRun(run)
    }

    func appendEvents(_ batches: [RunEventBatch]) async throws {
        try await base.appendEvents(batches)
    }

    func appendStep(_ step: RunStep, event: Int, to run: Run.ID) async throws -> Message? {
        try await intercept(.appendStep)
        return try await base.appendStep(step, event: event, to: run)
    }

    func finishRun(_ ending: FinishRun) async throws -> FinishRun.Outcome {
        try await intercept(.finishRun)
        return try await base.finishRun(ending)
    }

    func reserveAnotherCall(
        _ usageRequest: UsageRequest,
        after spent: Usage,
        as reservation: StoredReservation
    ) async throws -> ReservationOutcome {
        try await base.reserveAnotherCall(usageRequest, after: spent, as: reservation)
    }

    func answerLimit(of run: Run.ID) async throws -> Int? {
        try await base.answerLimit(of: run)
    }

    func findRun(
        _ id: Run.ID,
        in conversation: Conversation.ID,
        of principal: Principal
    ) async throws -> Result<Run, Fault> {
        try await base.findRun(id, in: conversation, of: principal)
    }

    func readEvents(of run: Run.ID, after number: Int) async throws -> StoredEvents {
        try await base.readEvents(of: run, after: number)
    }

    func takeInterruptedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [InterruptedRun] {
        try await base.takeInterruptedRuns(of: conversation, limit: limit)
    }

    func finishRuns(_ endings: [FinishRun]) async throws {
        try await intercept(.finishRuns)
        try await base.finishRuns(endings)
    }

    func takeQueuedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [Conversation.ID] {
        try await base.takeQueuedRuns(of: conversation, limit: limit)
    }

    func deleteOrphanedReservations() async throws {
        try await base.deleteOrphanedReservations()
    }

    func startBackgroundRun(_ run: BackgroundRun) async throws -> Result<Void, Fault> {
        try await base.startBackgroundRun(run)
    }
}
