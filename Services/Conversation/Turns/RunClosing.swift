import Contracts
import GRDB

/// Closes a run: stores its answer where it belongs, how the run ended, what it took, and what that says of the question.
struct RunClosing: Sendable {
    let run: StoredRun
    let question: RunFeed.Question
    let answer: Message?

    /// Runs within a commit.
    func perform(in database: GRDB.Database) throws {
        var run = run
        if let answer {
            run.answer = try insert(answer, in: database)
        } else {
            try showFormerAnswer(in: database)
        }
        try judgeQuestion(in: database)
        try RunRows.end(run, in: database)
        try RunEventRows.delete(of: run.run.id, in: database)
        try settle(in: database)
    }

    /// Puts what the run took in the place of what was reserved for it.
    private func settle(in database: GRDB.Database) throws {
        let id = run.run.id.description
        // Only where nobody knows the cost, what was reserved matters.
        let isUnpriced = run.end?.usage.map { $0.cost == nil } ?? false
        let reservation = isUnpriced ? try ReservationRows.find(id, in: database) : nil
        try ReservationRows.delete(id, in: database)
        guard let usage = run.end?.usage, let payer = try RunRows.payer(of: run.run.id, in: database) else { return }
        let entry = Usage.Entry(
            user: payer.user,
            key: payer.key,
            model: run.end?.model ?? "",
            day: Day(run.run.endedAt ?? .now()),
            total: Usage.Total(usage.priced(by: reservation))
        )
        try UsageRows.add(entry, in: database)
    }

    private func insert(_ answer: Message, in database: GRDB.Database) throws -> Int64 {
        let isFirst = question.answers == 0
        let isShown = try MessageRows.isOnPath(question.number, in: database)
        let isOnPath = try isShown && (isFirst || isPlaceFree(in: database))
        if isOnPath, !isFirst { try setAsideFormerAnswer(in: database) }
        var stored = StoredMessage(
            position: question.position + 1,
            isOnPath: isOnPath,
            sibling: question.answers,
            message: answer
        )
        stored.number = try MessageRows.insert(stored, into: run.conversation, in: database)
        // Where the path goes through another answer, that one stays the chosen one.
        let chosen = isShown && !isOnPath ? try pathAnswer(in: database) ?? stored : stored
        if !isFirst { try SiblingRows.choose(chosen, in: run.conversation, database) }
        if isOnPath, isFirst {
            try ConversationRows.noteAnswer(in: run.conversation, at: answer.createdAt, in: database)
        } else {
            try ConversationRows.noteBranch(of: run.conversation, at: answer.createdAt, in: database)
        }
        return stored.number
    }

    /// Whether a new answer can take its place on the path: nothing that is there goes on from another answer.
    private func isPlaceFree(in database: GRDB.Database) throws -> Bool {
        let follower = try message(at: question.position + 2, in: database)
        return follower == nil || follower?.message.parent == question.message.id
    }

    private func pathAnswer(in database: GRDB.Database) throws -> StoredMessage? {
        try message(at: question.position + 1, in: database)
    }

    /// The message on the path at a position.
    private func message(at position: Int, in database: GRDB.Database) throws -> StoredMessage? {
        try PathRows.list(
            of: run.conversation,
            positions: position...position,
            limit: 1,
            order: .ascending,
            in: database
        ).first
    }

    private func setAsideFormerAnswer(in database: GRDB.Database) throws {
        guard let former = try pathAnswer(in: database) else { return }
        try MessageRows.setAside(former.number, in: database)
    }

    /// When no new answer came, the one that was there before is shown again, unless the path goes elsewhere by now.
    private func showFormerAnswer(in database: GRDB.Database) throws {
        guard let number = try RunRows.replaced(by: run.run.id, in: database),
            let former = try MessageRows.find(number, in: database),
            try MessageRows.isOnPath(question.number, in: database), try pathAnswer(in: database) == nil
        else { return }
        if try PathRows.last(of: run.conversation, in: database)?.number == question.number {
            try PathRows.select(former, of: run.conversation, in: database)
        } else {
            // What was said since follows the question, so the answer fits in between.
            try PathRows.add(former, to: run.conversation, in: database)
        }
        try ConversationRows.noteBranch(of: run.conversation, at: run.run.endedAt ?? .now(), in: database)
    }

    /// A question to which no answer could be made is `failed`, until one is.
    private func judgeQuestion(in database: GRDB.Database) throws {
        if run.run.status == .failed {
            if try !hasOtherAnswer(in: database) {
                try MessageRows.setStatus(.failed, of: question.number, in: database)
            }
        } else if question.hasFailed, answer != nil {
            try MessageRows.setStatus(.completed, of: question.number, in: database)
        }
    }

    private func hasOtherAnswer(in database: GRDB.Database) throws -> Bool {
        try SiblingRows.hasAnswer(
            to: question.message.id,
            at: question.position,
            in: run.conversation,
            database
        )
    }
}
