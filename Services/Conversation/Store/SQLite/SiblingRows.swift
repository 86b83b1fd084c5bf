import Contracts
import GRDB

/// The siblings of messages: the messages with the same parent and role, found in an index without reading texts.
enum SiblingRows {
    /// Returns the sibling index of the next message with a parent and role.
    static func nextIndex(
        after parent: Int64,
        role: Message.Role,
        _ connection: Connection
    ) throws(StoreError) -> Int {
        try last(after: parent, role: role, connection).map { $0 + 1 } ?? 0
    }

    /// Returns the greatest sibling index of the messages with a parent and role.
    static func last(after parent: Int64, role: Message.Role, _ connection: Connection) throws(StoreError) -> Int? {
        try connection.value(
            "SELECT MAX(sibling) FROM messages WHERE parent = ? AND role = ?",
            [parent, role.rawValue]
        )
    }

    /// Returns whether a question has an answer that did not fail.
    static func hasUsableAnswer(to question: Int64, _ connection: Connection) throws(StoreError) -> Bool {
        try lastUsableAnswer(to: question, connection) != nil
    }

    /// Returns the number of the newest answer to a question that did not fail.
    static func lastUsableAnswer(to question: Int64, _ connection: Connection) throws(StoreError) -> Int64? {
        let sql = """
            SELECT number FROM messages WHERE parent = ? AND role = 'assistant' AND status != 'failed'
            ORDER BY sibling DESC LIMIT 1
            """
        return try connection.value(sql, [question])
    }

    /// Returns the messages with their current number of siblings.
    static func withCounts(
        _ messages: [MessageRows.Read],
        of conversation: ConversationRow,
        _ connection: Connection
    ) throws(StoreError) -> [Message] {
        guard conversation.hasBranches else { return messages.map(\.message) }
        var counted: [Message] = []
        for read in messages {
            var message = read.message
            let last = try last(after: read.parent, role: message.role, connection) ?? 0
            message.branch = last == 0 ? nil : Message.Branch(index: message.branch?.index ?? 0, count: last + 1)
            counted.append(message)
        }
        return counted
    }
}
