import Contracts
import GRDB

/// The selected path of a conversation, and how it is changed.
enum PathRows {
    /// Every position that a message can have.
    static let whole = 0...Int(Int32.max)

    /// What the next message follows: the last one of the path.
    struct End: Sendable {
        var number: Int64
        var id: Message.ID
        var position: Int
    }

    private static let lastOne = """
        SELECT number, id, position FROM messages WHERE conversation = ? AND branch = 0 ORDER BY position DESC LIMIT 1
        """

    /// The last message of the path.
    static func last(of conversation: Int64, in database: GRDB.Database) throws -> End? {
        let row = try Row.fetchOne(database.cachedStatement(sql: lastOne), arguments: [conversation])
        return try row.map { row in
            End(number: row[0], id: try StoredValue.identifier(row[1]), position: row[2])
        }
    }

    /// The position of the path's first message.
    static func firstPosition(of conversation: Int64, in database: GRDB.Database) throws -> Int? {
        let statement = try database.cachedStatement(
            sql: "SELECT position FROM messages WHERE conversation = ? AND branch = 0 ORDER BY position LIMIT 1"
        )
        return try Int.fetchOne(statement, arguments: [conversation])
    }

    /// A stretch of the path, between two positions and in the order that is asked for; with long texts cut short where
    /// that is asked for.
    static func list(
        of conversation: Int64,
        positions: ClosedRange<Int>,
        limit: Int,
        offset: Int = 0,
        order: Order,
        isBrief: Bool = false,
        in database: GRDB.Database
    ) throws -> [StoredMessage] {
        let direction = order == .ascending ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(isBrief ? MessageRows.briefColumns : MessageRows.columns) FROM messages
                WHERE conversation = ? AND branch = 0 AND position BETWEEN ? AND ?
                ORDER BY position \(direction) LIMIT ? OFFSET ?
                """
        )
        let arguments: StatementArguments = [
            conversation, positions.lowerBound, positions.upperBound, limit, offset,
        ]
        return try Row.fetchAll(statement, arguments: arguments).map(MessageRows.read)
    }

    /// How many messages of the path stand between two positions.
    static func count(
        of conversation: Int64,
        positions: ClosedRange<Int>,
        in database: GRDB.Database
    ) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "SELECT COUNT(*) FROM messages WHERE conversation = ? AND branch = 0 AND position BETWEEN ? AND ?"
        )
        let arguments: StatementArguments = [conversation, positions.lowerBound, positions.upperBound]
        return try Int.fetchOne(statement, arguments: arguments) ?? 0
    }

    /// Takes what stands on the path from a position on aside.
    static func end(before position: Int, of conversation: Int64, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE messages SET branch = number WHERE conversation = ? AND branch = 0 AND position >= ?"
        )
        try statement.execute(arguments: [conversation, position])
    }

    /// Makes the path go to a message and end there.
    static func show(_ stored: StoredMessage, of conversation: Int64, in database: GRDB.Database) throws {
        let steps = try stepsAside(to: stored, of: conversation, in: database)
        try end(before: steps.last?.position ?? stored.position + 1, of: conversation, in: database)
        for step in steps.reversed() { try add(step, to: conversation, in: database) }
    }

    /// Makes the path go through a message, and on from there as it went last.
    static func select(_ stored: StoredMessage, of conversation: Int64, in database: GRDB.Database) throws {
        guard !stored.isOnPath else { return }
        try show(stored, of: conversation, in: database)
        var (tip, question): (StoredMessage, Message.ID?) = (stored, stored.message.parent)
        while let next = try step(after: tip, to: question, of: conversation, in: database) {
            try add(next, to: conversation, in: database)
            (tip, question) = (next, next.message.parent)
        }
    }

    /// The messages that a path to a message goes through, newest first and the message itself among them.
    static func lineage(
        of stored: StoredMessage,
        in conversation: Int64,
        limit: Int,
        _ database: GRDB.Database
    ) throws -> [StoredMessage] {
        let steps = try stepsAside(to: stored, of: conversation, in: database)
        let shared = steps.last.map { $0.position - 1 } ?? stored.position
        let older = try list(
            of: conversation,
            positions: 0...max(0, shared),
            limit: limit,
            order: .descending,
            in: database
        )
        return Array((steps + (shared < 0 ? [] : older)).prefix(limit))
    }

    /// What a path to a message goes through that is aside now, the message first.
    private static func stepsAside(
        to stored: StoredMessage,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> [StoredMessage] {
        var steps: [StoredMessage] = []
        var tip = stored
        while !tip.isOnPath {
            steps.append(tip)
            guard let id = tip.message.parent, let parent = try MessageRows.find(id, in: database) else { break }
            // What was said before the answer came follows the question; the answer stands between.
            if tip.message.role.isAnswerable, parent.message.role.isAnswerable,
                let answer = try SiblingRows.answer(between: parent, and: tip, in: conversation, database),
                !answer.isOnPath
            {
                steps.append(answer)
            }
            tip = parent
        }
        return steps
    }

    /// What followed a message when the path went through it last.
    private static func step(
        after tip: StoredMessage,
        to question: Message.ID?,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> StoredMessage? {
        func chosen(after parent: Message.ID, at position: Int) throws -> StoredMessage? {
            try SiblingRows.chosen(after: parent, at: position, in: conversation, database)
        }
        let next = try chosen(after: tip.message.id, at: tip.position + 1)
        if let next { return next }
        // Questions follow each other at every other place; so do answers, in what was kept.
        let second = try chosen(after: tip.message.id, at: tip.position + 2)
        if second != nil || tip.message.role.isAnswerable { return second }
        // What was said before an answer came goes on from the one that came first.
        guard let id = question, let question = try MessageRows.find(id, in: database),
            let next = try chosen(after: id, at: tip.position + 1),
            try SiblingRows.answer(between: question, and: next, in: conversation, database)?.number == tip.number
        else { return nil }
        return next
    }

    /// Puts a message on the path, whose place there must be free.
    static func add(_ step: StoredMessage, to conversation: Int64, in database: GRDB.Database) throws {
        try SiblingRows.choose(step, in: conversation, database)
        try database.cachedStatement(sql: "UPDATE messages SET branch = 0 WHERE number = ?")
            .execute(arguments: [step.number])
    }
}
