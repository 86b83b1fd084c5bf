import Contracts

/// A turn to be stored: a message and the run that answers it.
struct StartTurn: Sendable {
    /// What the client asks for.
    enum Cause: Sendable {
        /// Send: a new message at the end of the selected path.
        case message(Message.Content)
        /// Edit: a new version of a question, as its sibling, on a new path that is selected.
        case edit(Message.ID, Message.Content)
        /// Regenerate: a new answer to a question, as a sibling of the existing answers, on a new path that is selected.
        ///
        /// A question without an answer is answered on its own path.
        case regenerate(Message.ID)
        /// Answers a question again whose run failed, because its request was repeated.
        ///
        /// As ``regenerate(_:)``, but a later message stays selected.
        case retry(Message.ID, of: Run.ID)
    }

    /// The result of the write.
    enum Outcome: Sendable {
        /// The turn is stored; `question` is the message as the run's first event shows it, and `pathVersion` the version
        /// of the conversation's paths.
        case started(question: Message, pathVersion: Int)
        /// The idempotency key is already stored for this run; nothing was written.
        case duplicate(Run.ID)
        /// A quota applies, and the turn has no estimate of its usage; nothing was written.
        case needsEstimate
        /// The turn cannot be stored, for example because a quota is exhausted; nothing was written.
        case refused(Fault)
    }

    let conversation: Conversation.ID
    let cause: Cause
    let run: Run
    var options: Run.Options?
    var key: IdempotencyKey?
    /// The user who asks.
    var principal: Principal?
    /// The usage to reserve if a quota applies.
    var usageRequest: UsageRequest?

    /// Whether the question continues the selected path.
    var isContinuation: Bool {
        if case .message = cause { true } else { false }
    }
}
