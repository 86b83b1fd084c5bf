import Contracts
import GRDB

/// Reads and changes the selected path of a conversation.
enum PathRows {
    /// The range of all positions.
    static let allPositions = 0...Int(Int32.max)

    /// The end of the selected path.
    struct End: Sendable {
        var number: Int64
        var id: Message.ID
        var position: Int
    }

    private static let lastMessage = """
        SELECT number, id, position FROM messages WHERE conversation = ? AND branch = 0 ORDER BY position DESC LIMIT 1
        """

    /// Returns the last message of the selected path.
    static func last(of conversation: Int64, in database: GRDB.Database) throws -> End? {
        let row = try Row.fetchOne(database.cachedStatement(sql: lastMessage), arguments: [conversation])
        return try row.map { row in
            End(number: row[0], id: try ColumnCoding.identifier(row[1]), position: row[2])
        }
    }

    /// Returns the position of the first message of the selected path.
    static func firstPosition(of conversation: Int64, in database: GRDB.Database) throws -> Int? {
        let statement = try database.cachedStatement(
            sql: "SELECT position FROM messages WHERE conversation = ? AND branch = 0 ORDER BY position LIMIT 1"
        )
        return try Int.fetchOne(statement, arguments: [conversation])
    }

    /// Returns the messages of the selected path in a range of positions; `isTruncated` shortens long texts.
    ///
    /// Stops after the message with which the texts exceed `byteLimit`.
    static func list(
        of conversation: Int64,
        positions: ClosedRange<Int>,
        limit: Int,
        offset: Int = 0,
        order: Order,
        isTruncated: Bool = false,
        byteLimit: Int = .max,
        in database: GRDB.Database
    ) throws -> [StoredMessage] {
        let direction = order == .ascending ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(isTruncated ? MessageRows.truncatedColumns : MessageRows.columns) FROM messages
                WHERE conversation = ? AND branch = 0 AND position BETWEEN ? AND ?
                ORDER BY position \(direction) LIMIT ? OFFSET ?
                """
        )
        let arguments: StatementArguments = [
            conversation, positions.lowerBound, positions.upperBound, limit, offset,
        ]
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var messages: [StoredMessage] = []
        var bytes = 0
        while bytes <= byteLimit, let row = try rows.next() {
            let stored = try MessageRows.read(row)
            messages.append(stored)
            bytes += stored.message.content.text.utf8.count
        }
        return messages
    }

    /// Returns the number of messages of the selected path in a range of positions.
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

    /// Removes all messages from a position on from the selected path.
    static func truncate(from position: Int, of conversation: Int64, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE messages SET branch = number WHERE conversation = ? AND branch = 0 AND position >= ?"
        )
        try statement.execute(arguments: [conversation, position])
    }

    /// Changes the selected path so that it ends at a message.
    static func endPath(at stored: StoredMessage, of conversation: Int64, in database: GRDB.Database) throws {
        let steps = try offPathAncestors(to: stored, of: conversation, in: database)
        try truncate(from: steps.last?.position ?? stored.position + 1, of: conversation, in: database)
        for step in steps.reversed() { try putOnPath(step, to: conversation, in: database) }
    }

    /// Changes the selected path so that it leads through a message and continues as it last did.
    static func select(_ stored: StoredMessage, of conversation: Int64, in database: GRDB.Database) throws {
        guard !stored.isOnPath else { return }
        try endPath(at: stored, of: conversation, in: database)
        var (tip, question): (StoredMessage, Message.ID?) = (stored, stored.message.parent)
        while let next = try nextStep(after: tip, to: question, of: conversation, in: database) {
            try putOnPath(next, to: conversation, in: database)
            (tip, question) = (next, next.message.parent)
        }
    }

    /// Returns the messages that lead to a message, newest first, including the message.
    ///
    /// Stops after `limit` messages, and after the message with which the texts exceed `byteLimit`.
    static func ancestors(
        of stored: StoredMessage,
        in conversation: Int64,
        limit: Int,
        byteLimit: Int,
        _ database: GRDB.Database
    ) throws -> [StoredMessage] {
        let steps = try offPathAncestors(to: stored, of: conversation, in: database)
        var bytes = 0
        let newest = steps.prefix(limit).prefix { step in
            defer { bytes += step.message.content.text.utf8.count }
            return bytes <= byteLimit
        }
        let shared = steps.last.map { $0.position - 1 } ?? stored.position
        guard newest.count == steps.count, bytes <= byteLimit, shared >= 0 else { return Array(newest) }
        let older = try list(
            of: conversation,
            positions: 0...shared,
            limit: limit - newest.count,
            order: .descending,
            byteLimit: byteLimit - bytes,
            in: database
        )
        return newest + older
    }

    /// Returns the ancestors of a message that are not on the selected path, starting with the message.
    private static func offPathAncestors(
        to stored: StoredMessage,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> [StoredMessage] {
        var steps: [StoredMessage] = []
        var tip = stored
        while !tip.isOnPath {
            steps.append(tip)
            guard let id = tip.message.parent, let parent = try MessageRows.find(id, in: database) else { break }
            // A question asked before the previous answer was stored has the previous question as its parent; the
            // answer is between them.
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

    /// Returns the message that last followed a message on the selected path.
    private static func nextStep(
        after tip: StoredMessage,
        to question: Message.ID?,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> StoredMessage? {
        func chosen(after parent: Message.ID, at position: Int) throws -> StoredMessage? {
            try SiblingRows.chosenReply(after: parent, at: position, in: conversation, database)
        }
        let next = try chosen(after: tip.message.id, at: tip.position + 1)
        if let next { return next }
        // Questions in a row have every other position; so do answers of imported conversations.
        let second = try chosen(after: tip.message.id, at: tip.position + 2)
        if second != nil || tip.message.role.isAnswerable { return second }
        // A question asked before the previous answer was stored continues from the first answer only.
        guard let id = question, let question = try MessageRows.find(id, in: database),
            let next = try chosen(after: id, at: tip.position + 1),
            try SiblingRows.answer(between: question, and: next, in: conversation, database)?.number == tip.number
        else { return nil }
        return next
    }

    /// Adds a message to the selected path; its position must be free.
    static func putOnPath(_ step: StoredMessage, to conversation: Int64, in database: GRDB.Database) throws {
        try SiblingRows.markChosen(step, in: conversation, database)
        try database.cachedStatement(sql: "UPDATE messages SET branch = 0 WHERE number = ?")
            .execute(arguments: [step.number])
    }
}
