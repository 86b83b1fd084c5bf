import Bus
import Contracts

/// A turn in the queue of a live conversation: a message and the run that answers it.
struct LiveTurn: Sendable {
    private(set) var liveRun: LiveRun
    let arrival: SuspendingClock.Instant
    let context: CallContext
    let options: Run.Options
    /// Whether the caller streams the events, as opposed to waiting for the end.
    private(set) var isStreamed: Bool
    /// The client's idempotency key.
    let key: IdempotencyKey?
    /// Whether the turn continues the path; otherwise the history is read from the store.
    let isContinuation: Bool
    /// Whether usage may be reserved for the turn; the reservation limits the answer.
    let mayBeReserved: Bool
    /// The version of the conversation's paths when the question was stored.
    var pathVersion = 0
    private(set) var state: TurnState

    var id: Run.ID { liveRun.run.id }

    /// Creates a turn that is not stored yet.
    init(_ startTurn: StartTurn, question: Message, _ context: CallContext, isStreamed: Bool) {
        var context = context
        // A run is not limited by the deadline of the request that started it.
        context.deadline = nil
        liveRun = LiveRun(run: startTurn.run, question: question)
        arrival = .now
        self.context = context
        options = startTurn.options ?? Run.Options()
        self.isStreamed = isStreamed
        key = startTurn.key
        isContinuation = startTurn.isContinuation
        mayBeReserved = startTurn.usageRequest != nil
        state = .storing(isStopRequested: false)
    }

    /// Creates a turn that is stored and not started.
    init(_ queued: RecalledConversation.QueuedRun, user: String) {
        liveRun = LiveRun(stored: queued.run, question: queued.question)
        arrival = .now
        context = CallContext(principal: Principal(user: user, key: queued.apiKey))
        options = queued.options ?? Run.Options()
        isStreamed = false
        key = nil
        isContinuation = false
        mayBeReserved = true
        state = .queued
    }

    /// For whom and where the turn's tools run.
    func toolUse(_ context: CallContext) -> ToolUse {
        ToolUse(
            user: context.principal?.user ?? "",
            conversation: liveRun.run.conversation,
            run: id,
            question: liveRun.question.id,
            call: context
        )
    }

    /// Applies an event; returns whether it changed the state.
    @discardableResult
    mutating func apply(_ event: TurnState.Event) -> Bool {
        guard let next = state.after(event), next != state else { return false }
        state = next
        return true
    }

    /// Replaces the live run, whose readers were told that the answer comes later, by a new one.
    mutating func renew() {
        liveRun = LiveRun(stored: liveRun.run, question: liveRun.question)
        isStreamed = false
    }
}
