import Contracts
import GRDB

/// Closes a run: stores its answer where it belongs, how the run ended, and what that says of the question.
struct RunClosing: Sendable {
    let run: StoredRun
    let question: RunFeed.Question
    let answer: Message?

    /// Runs within a commit.
    func perform(in database: GRDB.Database) throws {
        var run = run
        if let answer {
            run.answer = try insert(answer, in: database)
        } else if question.answers > 0 {
            try showFormerAnswer(in: database)
        }
        try judgeQuestion(in: database)
        try RunRows.end(run, in: database)
        try RunEventRows.delete(of: run.run.id, in: database)
    }

    private func insert(_ answer: Message, in database: GRDB.Database) throws -> Int64 {
        // Meanwhile the path may have been made to go elsewhere.
        let isOnPath = try MessageRows.isOnPath(question.number, in: database)
        let isFirst = question.answers == 0
        if isOnPath, !isFirst { try setAsideFormerAnswer(in: database) }
        var stored = StoredMessage(
            position: question.position + 1,
            isOnPath: isOnPath,
            sibling: question.answers,
            message: answer
        )
        stored.number = try MessageRows.insert(stored, into: run.conversation, in: database)
        if !isFirst { try SiblingRows.choose(stored, in: run.conversation, database) }
        if isOnPath, isFirst {
            try ConversationRows.noteAnswer(in: run.conversation, at: answer.createdAt, in: database)
        } else {
            try ConversationRows.noteBranch(of: run.conversation, at: answer.createdAt, in: database)
        }
        return stored.number
    }

    private func setAsideFormerAnswer(in database: GRDB.Database) throws {
        let place = question.position + 1
        let former = try PathRows.list(
            of: run.conversation,
            positions: place...place,
            limit: 1,
            order: .ascending,
            in: database
        )
        for answer in former { try MessageRows.setAside(answer.number, in: database) }
    }

    /// When no new answer came, the one that was there before is shown again, unless the conversation has gone on.
    private func showFormerAnswer(in database: GRDB.Database) throws {
        guard let number = try RunRows.replaced(by: run.run.id, in: database),
            let former = try MessageRows.find(number, in: database),
            try PathRows.last(of: run.conversation, in: database)?.number == question.number
        else { return }
        try PathRows.select(former, of: run.conversation, in: database)
        try ConversationRows.noteBranch(of: run.conversation, at: run.run.endedAt ?? .now(), in: database)
    }

    /// A question to which no answer could be made is `failed`, until one is.
    private func judgeQuestion(in database: GRDB.Database) throws {
        if run.run.status == .failed {
            let hasOther = try question.answers > 0 && hasOtherAnswer(in: database)
            if !hasOther { try MessageRows.setStatus(.failed, of: question.number, in: database) }
        } else if question.hasFailed, answer != nil {
            try MessageRows.setStatus(.completed, of: question.number, in: database)
        }
    }

    private func hasOtherAnswer(in database: GRDB.Database) throws -> Bool {
        let stored = StoredMessage(number: question.number, position: question.position, message: question.message)
        return try SiblingRows.hasAnswer(to: stored, in: run.conversation, database)
    }
}
