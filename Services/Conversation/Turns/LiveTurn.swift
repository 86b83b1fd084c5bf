import Bus
import Contracts

/// A turn of a conversation that is in use: a message that was said, and the run that answers it.
struct LiveTurn: Sendable {
    let liveRun: LiveRun
    let arrival: ContinuousClock.Instant
    let context: CallContext
    /// Whether somebody reads along from the start.
    let isStreamed: Bool
    /// The name that its client gave it.
    var key: IdempotencyKey?
    /// Whether it only goes on with what was said last; what else there is to know is then read from the store.
    let isContinuation: Bool
    /// Whether message and run are on the disk.
    var isStored = false
    /// Whether the disk says that a provider may have been asked; only then an interrupted run is not begun again.
    var isStarted = false
    var isRunning = false
    /// Stopped before its turn came: its message is history in its place, and nothing more.
    var isStopped = false
}

extension LiveTurn {
    /// A turn that is to be opened.
    init(_ startTurn: StartTurn, _ context: CallContext, isStreamed: Bool) {
        var context = context
        // A run does not end with the patience of whoever asked for it.
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

    /// A turn that an earlier process accepted and never began.
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
