import Contracts
import GRDB

/// Reads and changes siblings: the answers to one question, or the questions after one answer.
enum SiblingRows {
    /// Where siblings are: messages with the same position and parent.
    private struct Place: Hashable {
        var position: Int
        var parent: String?
    }

    private static let condition = "conversation = ? AND position = ? AND parent IS ? AND role = ?"

    /// Returns the sibling index of the next message with a parent and role.
    static func nextIndex(
        after parent: Message.ID?,
        at position: Int,
        role: Message.Role,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT MAX(sibling) FROM messages WHERE \(condition)")
        let last = try Int?.fetchOne(
            statement,
            arguments: [conversation, position, parent?.description, role.rawValue]
        )
        return (last ?? nil).map { $0 + 1 } ?? 0
    }

    /// Returns all siblings of a message, itself included, oldest first.
    static func list(
        siblingsOf stored: StoredMessage,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> [Message] {
        let statement = try database.cachedStatement(
            sql: "SELECT \(MessageRows.columns) FROM messages WHERE \(condition) ORDER BY sibling"
        )
        let message = stored.message
        let found = try Row.fetchAll(
            statement,
            arguments: [conversation, stored.position, message.parent?.description, message.role.rawValue]
        )
        return try found.map(MessageRows.read).map { sibling in
            var message = sibling.message
            message.branch = found.count == 1 ? nil : Message.Branch(index: sibling.sibling, count: found.count)
            return message
        }
    }

    /// Returns the number of answers to a question.
    static func answerCount(
        to question: Message.ID,
        at position: Int,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> Int {
        try nextIndex(after: question, at: position + 1, role: .assistant, in: conversation, database)
    }

    /// Returns whether a question has an answer that did not fail.
    static func hasUsableAnswer(
        to question: Message.ID,
        at position: Int,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM messages WHERE \(condition) AND status != 'failed')"
        )
        let arguments: StatementArguments = [
            conversation, position + 1, question.description, Message.Role.assistant.rawValue,
        ]
        return try Bool.fetchOne(statement, arguments: arguments) ?? false
    }

    /// Marks a message as the chosen one among its siblings.
    static func markChosen(_ stored: StoredMessage, in conversation: Int64, _ database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE messages SET is_chosen = (number = ?) WHERE \(condition)"
        )
        let message = stored.message
        try statement.execute(arguments: [
            stored.number, conversation, stored.position, message.parent?.description, message.role.rawValue,
        ])
    }

    /// Returns the chosen reply to a message, if any.
    static func chosenReply(
        after parent: Message.ID,
        at position: Int,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> StoredMessage? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(MessageRows.columns) FROM messages
                WHERE conversation = ? AND position = ? AND parent = ? AND is_chosen = 1 ORDER BY number DESC LIMIT 1
                """
        )
        return try Row.fetchOne(statement, arguments: [conversation, position, parent.description])
            .map(MessageRows.read)
    }

    /// Returns the answer between a question and a message that was asked before that answer was stored: the first
    /// answer stored after that message, otherwise the chosen one.
    static func answer(
        between question: StoredMessage,
        and next: StoredMessage,
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> StoredMessage? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(MessageRows.columns) FROM messages
                WHERE conversation = ? AND position = ? AND parent = ? AND number > ? ORDER BY number LIMIT 1
                """
        )
        let arguments: StatementArguments = [
            conversation, question.position + 1, question.message.id.description, next.number,
        ]
        if let row = try Row.fetchOne(statement, arguments: arguments) { return try MessageRows.read(row) }
        return try chosenReply(after: question.message.id, at: question.position + 1, in: conversation, database)
    }

    /// Returns the messages, which must be consecutive on a path, with their current number of siblings.
    static func withBranchCounts(
        _ stored: [StoredMessage],
        in conversation: Int64,
        _ database: GRDB.Database
    ) throws -> [Message] {
        guard let lowest = stored.map(\.position).min(), let highest = stored.map(\.position).max() else { return [] }
        let statement = try database.cachedStatement(
            sql: """
                SELECT position, parent, MAX(sibling) FROM messages
                WHERE conversation = ? AND position BETWEEN ? AND ? AND branch != 0 GROUP BY position, parent
                """
        )
        let rows = try Row.fetchAll(statement, arguments: [conversation, lowest, highest])
        guard !rows.isEmpty else { return stored.map(\.message) }
        let lastSiblings = Dictionary(
            rows.map { (Place(position: $0[0], parent: $0[1]), $0[2] as Int) },
            uniquingKeysWith: max
        )
        return stored.map { stored in
            var message = stored.message
            let place = Place(position: stored.position, parent: message.parent?.description)
            let last = max(stored.sibling, lastSiblings[place] ?? 0)
            message.branch = last == 0 ? nil : Message.Branch(index: stored.sibling, count: last + 1)
            return message
        }
    }
}
