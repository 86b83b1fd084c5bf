import Bus
import Contracts

/// A turn of a conversation that is in use: a message that was said, and the run that answers it.
struct LiveTurn: Sendable {
    let feed: RunFeed
    let arrival: ContinuousClock.Instant
    let context: CallContext
    /// Whether somebody reads along from the start.
    let isWatched: Bool
    /// The name that its client gave it.
    var key: RequestKey?
    /// Whether it only goes on with what was said last; what else there is to know is then read from the store.
    let isContinuation: Bool
    /// Whether message and run are on the disk.
    var isStored = false
    /// Whether the disk says that a provider may have been asked; only then an interrupted run is not begun again.
    var isBegun = false
    var isRunning = false
    /// Stopped before its turn came: its message is history in its place, and nothing more.
    var isStopped = false
}

extension LiveTurn {
    /// A turn that is to be opened.
    init(_ opening: TurnOpening, _ context: CallContext, isWatched: Bool) {
        var context = context
        // A run does not end with the patience of whoever asked for it.
        context.deadline = nil
        self.init(
            feed: RunFeed(run: opening.run, question: opening.question, conversation: opening.conversation),
            arrival: .now,
            context: context,
            isWatched: isWatched,
            key: opening.key,
            isContinuation: opening.isContinuation,
            isBegun: opening.run.status == .running
        )
    }

    /// A turn that an earlier process accepted and never began.
    init(_ stored: StoredRun, message: Message, user: String) {
        let question = RunFeed.Question(
            message: message.asked(by: stored.run.id),
            number: stored.message,
            position: stored.position,
            hasFailed: message.status == .failed
        )
        let feed = RunFeed(run: stored.run, question: question, conversation: stored.conversation)
        feed.append(RunEventLine.event(Run.Event(number: 1, userMessage: question.message)))
        self.init(
            feed: feed,
            arrival: .now,
            context: CallContext(principal: Principal(user: user, key: stored.apiKey)),
            isWatched: false,
            isContinuation: false,
            isStored: true
        )
    }
}
