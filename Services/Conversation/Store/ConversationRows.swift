import Contracts
import GRDB

/// A conversation without its persona and messages.
struct StoredConversation: Sendable, Equatable {
    var id: Conversation.ID
    var user: String
    var persona: Persona.ID
    var createdAt: Timestamp
    var updatedAt: Timestamp
    var messageCount: Int
}

/// The table of conversations.
enum ConversationRows {
    private static let columns = "id, user, persona, created_at, updated_at, message_count"

    static func insert(_ conversation: StoredConversation, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO conversations (\(columns)) VALUES (?,?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            conversation.id.description, conversation.user, conversation.persona.description,
            conversation.createdAt.microseconds, conversation.updatedAt.microseconds, conversation.messageCount,
        ])
    }

    static func find(_ id: Conversation.ID, in database: GRDB.Database) throws -> StoredConversation? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM conversations WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    /// The user's latest used conversation with a persona.
    static func find(
        user: String,
        persona: Persona.ID,
        in database: GRDB.Database
    ) throws -> StoredConversation? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM conversations WHERE persona = ? AND user = ?
                ORDER BY updated_at DESC LIMIT 1
                """
        )
        return try Row.fetchOne(statement, arguments: [persona.description, user]).map(read)
    }

    /// A user's conversations, the latest used first, with one persona if that is asked for.
    static func list(
        user: String,
        persona: Persona.ID?,
        limit: Int,
        offset: Int,
        in database: GRDB.Database
    ) throws -> (items: [StoredConversation], total: Int) {
        let condition = persona == nil ? "user = ?" : "user = ? AND persona = ?"
        let named: [any DatabaseValueConvertible] = persona.map { [user, $0.description] } ?? [user]
        let rows = try Row.fetchAll(
            database.cachedStatement(
                sql: """
                    SELECT \(columns) FROM conversations WHERE \(condition)
                    ORDER BY updated_at DESC, id DESC LIMIT ? OFFSET ?
                    """
            ),
            arguments: StatementArguments(named + [limit, offset])
        )
        let total = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT COUNT(*) FROM conversations WHERE \(condition)"),
            arguments: StatementArguments(named)
        )
        return (try rows.map(read), total ?? 0)
    }

    /// Deletes a conversation with all that belongs to it.
    static func delete(_ id: Conversation.ID, in database: GRDB.Database) throws {
        for table in ["run_events", "runs", "messages"] {
            let statement = try database.cachedStatement(sql: "DELETE FROM \(table) WHERE conversation = ?")
            try statement.execute(arguments: [id.description])
        }
        let statement = try database.cachedStatement(sql: "DELETE FROM conversations WHERE id = ?")
        try statement.execute(arguments: [id.description])
    }

    static func count(in database: GRDB.Database) throws -> (conversations: Int, messages: Int) {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT COUNT(*), COALESCE(SUM(message_count), 0) FROM conversations"
        )
        return (row?[0] ?? 0, row?[1] ?? 0)
    }

    private static func read(_ row: Row) throws -> StoredConversation {
        StoredConversation(
            id: try StoredValue.identifier(row[0]),
            user: row[1],
            persona: try StoredValue.identifier(row[2]),
            createdAt: Timestamp(microseconds: row[3]),
            updatedAt: Timestamp(microseconds: row[4]),
            messageCount: row[5]
        )
    }
}
