import Contracts
import GRDB

/// Write job that stores the end of a run: its answer, status and usage, and the status of its question.
struct FinishRun: Sendable {
    let run: StoredRun
    let question: LiveRun.Question
    let answer: Message?

    /// Runs inside a transaction.
    func perform(in database: GRDB.Database) throws {
        var run = run
        if let answer {
            run.answer = try insert(answer, in: database)
        } else {
            try restorePreviousAnswer(in: database)
        }
        try updateQuestionStatus(in: database)
        try RunRows.finish(run, in: database)
        try RunEventRows.delete(of: run.run.id, in: database)
        try settle(in: database)
    }

    /// Deletes the run's reservation and records its usage.
    private func settle(in database: GRDB.Database) throws {
        let id = run.run.id.description
        // Without a known cost, the reserved cost is recorded.
        let isUnpriced = run.end?.usage.map { $0.cost == nil } ?? false
        let reservation = isUnpriced ? try ReservationRows.find(id, in: database) : nil
        try ReservationRows.delete(id, in: database)
        guard let usage = run.end?.usage, let payer = try RunRows.owner(of: run.run.id, in: database) else { return }
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
        let isOnPath = try isShown && (isFirst || canReplacePathAnswer(in: database))
        if isOnPath, !isFirst { try takePreviousAnswerOffPath(in: database) }
        var stored = StoredMessage(
            position: question.position + 1,
            isOnPath: isOnPath,
            sibling: question.answers,
            message: answer
        )
        stored.number = try MessageRows.insert(stored, into: run.conversation, in: database)
        // If the path leads through another answer, that answer stays the chosen one.
        let chosen = isShown && !isOnPath ? try pathAnswer(in: database) ?? stored : stored
        if !isFirst { try SiblingRows.markChosen(chosen, in: run.conversation, database) }
        if isOnPath, isFirst {
            try ConversationRows.recordAnswer(in: run.conversation, at: answer.createdAt, in: database)
        } else {
            try ConversationRows.recordBranchChange(of: run.conversation, at: answer.createdAt, in: database)
        }
        return stored.number
    }

    /// Returns whether a new answer can replace the one on the path: no later message on the path follows another
    /// answer.
    private func canReplacePathAnswer(in database: GRDB.Database) throws -> Bool {
        let follower = try message(at: question.position + 2, in: database)
        return follower == nil || follower?.message.parent == question.message.id
    }

    private func pathAnswer(in database: GRDB.Database) throws -> StoredMessage? {
        try message(at: question.position + 1, in: database)
    }

    /// Returns the message on the path at a position.
    private func message(at position: Int, in database: GRDB.Database) throws -> StoredMessage? {
        try PathRows.list(
            of: run.conversation,
            positions: position...position,
            limit: 1,
            order: .ascending,
            in: database
        ).first
    }

    private func takePreviousAnswerOffPath(in database: GRDB.Database) throws {
        guard let previous = try pathAnswer(in: database) else { return }
        try MessageRows.takeOffPath(previous.number, in: database)
    }

    /// Restores the previous answer if the run has no answer, unless the path no longer leads through the question.
    private func restorePreviousAnswer(in database: GRDB.Database) throws {
        guard let number = try RunRows.replacedAnswer(of: run.run.id, in: database),
            let previous = try MessageRows.find(number, in: database),
            try MessageRows.isOnPath(question.number, in: database), try pathAnswer(in: database) == nil
        else { return }
        if try PathRows.last(of: run.conversation, in: database)?.number == question.number {
            try PathRows.select(previous, of: run.conversation, in: database)
        } else {
            // Later messages on the path follow the question, so the answer fits in between.
            try PathRows.putOnPath(previous, to: run.conversation, in: database)
        }
        try ConversationRows.recordBranchChange(of: run.conversation, at: run.run.endedAt ?? .now(), in: database)
    }

    /// Sets the question's status: `failed` until it has an answer.
    private func updateQuestionStatus(in database: GRDB.Database) throws {
        if run.run.status == .failed {
            if try !hasOtherAnswer(in: database) {
                try MessageRows.setStatus(.failed, of: question.number, in: database)
            }
        } else if question.hasFailed, answer != nil {
            try MessageRows.setStatus(.completed, of: question.number, in: database)
        }
    }

    private func hasOtherAnswer(in database: GRDB.Database) throws -> Bool {
        try SiblingRows.hasUsableAnswer(
            to: question.message.id,
            at: question.position,
            in: run.conversation,
            database
        )
    }
}
