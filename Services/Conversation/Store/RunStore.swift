import Contracts
import NIOCore

/// Stores turns and runs.
///
/// A run has an owner: the process that may change it. Every write carries the owner's number, and a write of a process
/// that is not the owner has no effect and returns ``RunWrite/notOwner``. A process takes over the runs of another one
/// only when that one can no longer write.
///
/// As for ``ConversationStore``, refusals are values, a function throws only if the store fails, and a conformer must pass
/// `RunStoreSuite`.
protocol RunStore: Sendable {
    // MARK: Turns

    /// Reads what is needed to continue a conversation.
    ///
    /// Refusals: `missing`.
    func recallConversation(_ id: Conversation.ID) async throws -> Result<RecalledConversation, Fault>

    /// Returns a persona as it is now.
    func recallPersona(_ id: Persona.ID) async throws -> StoredPersona?

    /// Returns the system prompt of an imported conversation, which may have megabytes; `nil` if it has none.
    func instructions(of conversation: Conversation.ID) async throws -> String?

    /// Returns the newest messages that lead to a run's question, which is the last one.
    ///
    /// Refusals: `missing`.
    func recallHistory(of run: Run.ID) async throws -> Result<RecalledHistory, Fault>

    /// Returns the run of an idempotency key, with what was requested.
    func findRun(
        of key: IdempotencyKey,
        in conversation: Conversation.ID
    ) async throws -> KeyedRun?

    /// Returns the options of a run; `nil` if it has none.
    func options(of run: Run.ID) async throws -> Run.Options?

    /// Returns a message, or the question that it answers if `isQuestion`.
    ///
    /// Refusals: `missing`, and `invalid` for a greeting, which answers no question.
    func findMessage(
        _ id: Message.ID,
        orItsQuestion isQuestion: Bool,
        in conversation: Conversation.ID
    ) async throws -> Result<Message, Fault>

    /// Stores a turn: its question, its run, its idempotency key and its reservation.
    ///
    /// Position and parent of the question are decided by the commit. Turns that are stored one after the other are
    /// answered in the order of the calls.
    func startTurn(_ turn: StartTurn) async throws -> StartTurn.Outcome

    // MARK: Runs

    /// Stores that a run starts.
    ///
    /// Must be stored before a model is called, otherwise a restart would call it again.
    func beginRun(_ run: Run.ID) async throws -> RunWrite

    /// Stores events of runs in progress; events of runs that have ended or have another owner are ignored.
    func appendEvents(_ batches: [RunEventBatch]) async throws

    /// Stores a step of a run that is not its last one, as a message on the run's path, and returns that message; `nil` if
    /// another process owns the run or it has ended.
    ///
    /// `event` is the number of the event that shows the step; after a crash the events up to it are rebuilt from the step.
    func appendStep(_ step: RunStep, event: Int, to run: Run.ID) async throws -> Message?

    /// Reserves the usage of another model call of a run, whose calls so far had the usage `spent`: replaces the reservation
    /// of the run, which has the run's id.
    func reserveAnotherCall(
        _ usageRequest: UsageRequest,
        after spent: Usage,
        as reservation: StoredReservation
    ) async throws -> ReservationOutcome

    /// Stores the end of a run, its answer and its usage, deletes its reservation, and stores that the next run starts.
    func finishRun(_ ending: FinishRun) async throws -> FinishRun.Outcome

    /// Returns the limit of the answer that the reservation of a run sets, in tokens.
    func answerLimit(of run: Run.ID) async throws -> Int?

    // MARK: Reading

    /// Refusals: `missing`, `forbidden`.
    func findRun(
        _ id: Run.ID,
        in conversation: Conversation.ID,
        of principal: Principal
    ) async throws -> Result<Run, Fault>

    /// Returns a finished run with all its steps, or the stored events after a number of a run in progress.
    func readEvents(of run: Run.ID, after number: Int) async throws -> StoredEvents

    // MARK: Recovery

    /// Takes over up to `limit` started runs whose owner has ended, optionally of one conversation only; empty if there
    /// are no more.
    ///
    /// Returns fewer runs if their events are large. A run that cannot be read is set aside and not returned.
    func takeInterruptedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [InterruptedRun]

    /// Stores the ends of several runs in one commit.
    func finishRuns(_ endings: [FinishRun]) async throws

    /// Takes over up to `limit` queued runs whose owner has ended, optionally of one conversation only, and returns their
    /// conversations; empty if there are no more.
    func takeQueuedRuns(of conversation: Conversation.ID?, limit: Int) async throws -> [Conversation.ID]

    /// Deletes the reservations of runs that have ended.
    func deleteOrphanedReservations() async throws

    // MARK: Runs without a question

    /// Stores a run that answers no message, such as one for a title, as started.
    func startBackgroundRun(_ run: BackgroundRun) async throws -> Result<Void, Fault>
}

/// The run of an idempotency key, with what was requested.
struct KeyedRun: Sendable {
    var run: Run
    var question: Message
    var options: Run.Options?
}

/// The result of a write to a run.
enum RunWrite: Sendable {
    case stored
    /// Another process owns the run, or it has ended.
    case notOwner
}
