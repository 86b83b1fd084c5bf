import Bus
import Contracts

/// A turn in the queue of a live conversation: a message and the run that answers it.
struct LiveTurn: Sendable {
    let liveRun: LiveRun
    let arrival: ContinuousClock.Instant
    let context: CallContext
    /// Whether the caller streams the events, as opposed to waiting for the end.
    let isStreamed: Bool
    /// The client's idempotency key.
    var key: IdempotencyKey?
    /// Whether the turn continues the path; otherwise the history is read from the database.
    let isContinuation: Bool
    /// Whether message and run are committed.
    var isStored = false
    /// Whether the run is stored as started.
    ///
    /// After a restart such a run is interrupted and not started again, because a provider may have been called.
    var isStarted = false
    var isRunning = false
    /// Whether the turn was stopped before it started.
    var isStopped = false
}

extension LiveTurn {
    /// Creates a turn that is not stored yet.
    init(_ startTurn: StartTurn, _ context: CallContext, isStreamed: Bool) {
        var context = context
        // A run is not limited by the deadline of the request that started it.
        context.deadline = nil
        self.init(
            liveRun: LiveRun(run: startTurn.run, question: startTurn.question, conversation: startTurn.conversation),
            arrival: .now,
            context: context,
            isStreamed: isStreamed,
            key: startTurn.key,
            isContinuation: startTurn.isContinuation,
            isStarted: startTurn.run.status == .running
        )
    }

    /// Creates a turn that an earlier process stored and did not start.
    init(_ stored: StoredRun, message: Message, user: String) {
        let question = LiveRun.Question(
            message: message.asQuestion(of: stored.run.id),
            number: stored.message,
            position: stored.position,
            hasFailed: message.status == .failed
        )
        let liveRun = LiveRun(run: stored.run, question: question, conversation: stored.conversation)
        liveRun.append(RunEventJSON.event(Run.Event(number: 1, userMessage: question.message)))
        self.init(
            liveRun: liveRun,
            arrival: .now,
            context: CallContext(principal: Principal(user: user, key: stored.apiKey)),
            isStreamed: false,
            isContinuation: false,
            isStored: true
        )
    }
}
