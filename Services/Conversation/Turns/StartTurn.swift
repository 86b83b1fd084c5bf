import Contracts
import GRDB

/// Write job that starts a turn: stores its question, its run and its idempotency key in one commit.
struct StartTurn: Sendable {
    /// What the client asks for.
    enum Cause: Sendable {
        /// Send: a new message at the end of the path.
        case message(Message.Content)
        /// Edit: a new version of a question, as its sibling.
        case edit(StoredMessage, Message.Content)
        /// Regenerate: a new answer to a question, as a sibling of the existing answers.
        case regenerate(StoredMessage)
    }

    /// The result of the write.
    enum Outcome: Sendable {
        case started(LiveRun.Question)
        /// The idempotency key is already stored for this run; nothing was written.
        case duplicate(Run.ID)
        /// A quota is exhausted; nothing was written.
        case rejected(Fault)
    }

    let conversation: Int64
    let cause: Cause
    let run: Run
    var key: IdempotencyKey?
    /// A failed run whose idempotency key is reassigned to the new run.
    var failedRun: Run.ID?
    /// The user who asks, and the usage to reserve if a quota applies.
    var principal: Principal?
    var usageRequest: UsageRequest?

    /// The question before it is stored.
    var question: LiveRun.Question {
        switch cause {
        case .message(let content), .edit(_, let content): LiveRun.Question(message: message(content, parent: nil))
        case .regenerate(let stored): LiveRun.Question(message: stored.message.asQuestion(of: run.id))
        }
    }

    /// Whether the question continues the path.
    var isContinuation: Bool {
        if case .message = cause { true } else { false }
    }

    /// Runs inside a transaction.
    func perform(in database: GRDB.Database) throws -> Outcome {
        if let key {
            let known = try IdempotencyKeyRows.find(key, of: conversation, at: run.createdAt, in: database)
            if let known, known != failedRun { return .duplicate(known) }
        }
        // Returned and not thrown: an error would roll back the other writes of the group.
        if case .rejected(let fault) = try reserve(in: database) { return .rejected(fault) }
        if let key {
            try IdempotencyKeyRows.set(key, of: conversation, to: run.id, at: run.createdAt, in: database)
        }
        switch cause {
        case .message(let content): return .started(try append(content, in: database))
        case .edit(let other, let content): return .started(try add(content, beside: other, in: database))
        case .regenerate(let question): return .started(try ask(question, in: database))
        }
    }

    /// Reserves the estimated usage until the end of the run.
    private func reserve(in database: GRDB.Database) throws -> QuotaReservations.Outcome {
        guard let principal, let usageRequest else { return .unlimited }
        let reservation = StoredReservation(
            id: run.id.description,
            user: principal.user,
            apiKey: principal.key,
            model: run.model ?? "",
            createdAt: run.createdAt
        )
        return try QuotaReservations.reserve(usageRequest, as: reservation, in: database)
    }

    private func append(_ content: Message.Content, in database: GRDB.Database) throws -> LiveRun.Question {
        let version = try ConversationRows.recordUserMessage(in: conversation, at: run.createdAt, in: database)
        let last = try PathRows.last(of: conversation, in: database)
        // Questions have odd positions and their answers the even ones after them; the position of a missing answer
        // stays free.
        let position = last.map { $0.position + ($0.position.isMultiple(of: 2) ? 1 : 2) } ?? 1
        var stored = StoredMessage(position: position, message: message(content, parent: last?.id))
        try insert(&stored, in: database)
        if stored.sibling > 0 { try SiblingRows.markChosen(stored, in: conversation, database) }
        try RunRows.insert(run, of: stored.number, by: principal?.key, in: database)
        return LiveRun.Question(
            message: stored.message,
            number: stored.number,
            position: position,
            pathVersion: version
        )
    }

    private func add(
        _ content: Message.Content,
        beside other: StoredMessage,
        in database: GRDB.Database
    ) throws -> LiveRun.Question {
        var stored = StoredMessage(
            position: other.position,
            isOnPath: false,
            message: message(content, parent: other.message.parent)
        )
        try insert(&stored, in: database)
        try PathRows.endPath(at: stored, of: conversation, in: database)
        try ConversationRows.recordBranchChange(of: conversation, at: run.createdAt, in: database)
        try RunRows.insert(run, of: stored.number, by: principal?.key, in: database)
        return LiveRun.Question(message: stored.message, number: stored.number, position: stored.position)
    }

    /// Regenerates the answer to a question.
    ///
    /// If it has no answer yet, the messages after it stay on the path.
    private func ask(_ question: StoredMessage, in database: GRDB.Database) throws -> LiveRun.Question {
        guard let question = try MessageRows.find(question.number, in: database) else {
            throw Fault(.missing, "Message not found")
        }
        let place = question.position + 1
        let answer = try SiblingRows.chosenReply(after: question.message.id, at: place, in: conversation, database)
        if answer != nil || !question.isOnPath { try PathRows.endPath(at: question, of: conversation, in: database) }
        try MessageRows.setRun(run.id, of: question.number, in: database)
        try ConversationRows.recordBranchChange(of: conversation, at: run.createdAt, in: database)
        try RunRows.insert(run, of: question.number, by: principal?.key, replacing: answer?.number, in: database)
        return LiveRun.Question(
            message: question.message.asQuestion(of: run.id),
            number: question.number,
            position: question.position,
            hasFailed: question.message.status == .failed
        )
    }

    private func insert(_ stored: inout StoredMessage, in database: GRDB.Database) throws {
        stored.sibling = try SiblingRows.nextIndex(
            after: stored.message.parent,
            at: stored.position,
            role: .user,
            in: conversation,
            database
        )
        stored.message.branch = Message.Branch(sibling: stored.sibling)
        stored.number = try MessageRows.insert(stored, into: conversation, in: database)
    }

    private func message(_ content: Message.Content, parent: Message.ID?) -> Message {
        Message(
            id: run.userMessage,
            role: .user,
            content: content,
            status: .completed,
            parent: parent,
            run: run.id,
            tokenCount: TokenEstimate.tokens(in: content.text),
            createdAt: run.createdAt
        )
    }
}

extension Message {
    /// Returns the question as the first event of a run shows it, independent of later status changes.
    func asQuestion(of run: Run.ID) -> Message {
        var message = self
        message.status = .completed
        message.run = run
        return message
    }
}

extension Run {
    /// Creates the run of a new turn.
    init(for cause: StartTurn.Cause, in conversation: Conversation.ID, waits: Bool, at now: Timestamp) {
        let question = if case .regenerate(let stored) = cause { stored.message.id } else { Message.ID(at: now) }
        self.init(
            id: ID(at: now),
            conversation: conversation,
            status: waits ? .queued : .running,
            model: nil,
            userMessage: question,
            assistantMessage: nil,
            lastEvent: 1,
            usage: nil,
            fault: nil,
            createdAt: now,
            endedAt: nil
        )
    }
}

extension Message.Branch {
    /// Creates the branch position of a new message; `nil` if it has no siblings.
    init?(sibling: Int) {
        guard sibling > 0 else { return nil }
        self.init(index: sibling, count: sibling + 1)
    }
}
