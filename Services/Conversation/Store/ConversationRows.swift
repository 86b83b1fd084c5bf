import Contracts
import GRDB

/// A conversation without its persona and messages.
struct StoredConversation: Sendable, Equatable {
    /// Its place in the store; 0 before it has one.
    var number: Int64 = 0
    var id: Conversation.ID
    var user: String
    var persona: Persona.ID
    var createdAt: Timestamp
    var updatedAt: Timestamp
    /// How many messages are on its selected path.
    var messageCount: Int
    /// Whether the model is told something else than the persona's words: ``ConversationRows/instructions(of:in:)``.
    var hasInstructions = false
}

/// The table of conversations.
enum ConversationRows {
    private static let columns =
        "number, id, user, persona, created_at, updated_at, message_count, instructions IS NOT NULL"
    private static let insertion = """
        INSERT INTO conversations (id, user, persona, created_at, updated_at, used_at, message_count,
            instructions) VALUES (?,?,?,?,?,?,?,?)
        """
    private static let userMessageUpdate = """
        UPDATE conversations SET message_count = message_count + 1, updated_at = ?1, used_at = ?1 WHERE number = ?2
        RETURNING path_version
        """
    private static let answerUpdate = """
        UPDATE conversations SET message_count = message_count + 1, updated_at = ? WHERE number = ?
        """

    private static let branchUpdate = """
        UPDATE conversations SET updated_at = ?1, used_at = ?1, path_version = path_version + 1, message_count =
            (SELECT COUNT(*) FROM messages WHERE conversation = ?2 AND branch = 0) WHERE number = ?2
        """

    /// Adds a conversation and answers its number; `instructions` is what the model is told in place of the persona's words.
    static func insert(
        _ conversation: StoredConversation,
        instructions: String? = nil,
        in database: GRDB.Database
    ) throws -> Int64 {
        let statement = try database.cachedStatement(sql: insertion)
        try statement.execute(arguments: [
            conversation.id.description, conversation.user, conversation.persona.description,
            conversation.createdAt.microseconds, conversation.updatedAt.microseconds,
            conversation.updatedAt.microseconds, conversation.messageCount, instructions,
        ])
        return database.lastInsertedRowID
    }

    /// Counts a user's message: the conversation is thereby the latest used; answers the version of its path.
    ///
    /// Throws `missing` when it is not there any more.
    static func recordUserMessage(in number: Int64, at moment: Timestamp, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(sql: userMessageUpdate)
        guard let version = try Int.fetchOne(statement, arguments: [moment.microseconds, number]) else {
            throw Fault(.missing, "Conversation not found")
        }
        return version
    }

    /// Counts an answer.
    static func recordAnswer(in number: Int64, at moment: Timestamp, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: answerUpdate).execute(arguments: [moment.microseconds, number])
    }

    /// Notes a use that changed the path: its messages are counted anew.
    static func recordBranchChange(of number: Int64, at moment: Timestamp, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: branchUpdate).execute(arguments: [moment.microseconds, number])
        guard database.changesCount == 1 else { throw Fault(.missing, "Conversation not found") }
    }

    /// How often the path was made to go elsewhere.
    static func pathVersion(of number: Int64, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT path_version FROM conversations WHERE number = ?")
        return try Int.fetchOne(statement, arguments: [number]) ?? 0
    }

    /// What the model is told in place of the persona's words; read by itself, since it may be long.
    static func instructions(of number: Int64, in database: GRDB.Database) throws -> String? {
        let statement = try database.cachedStatement(sql: "SELECT instructions FROM conversations WHERE number = ?")
        return try String?.fetchOne(statement, arguments: [number]) ?? nil
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
                ORDER BY used_at DESC LIMIT 1
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
                    ORDER BY used_at DESC, number DESC LIMIT ? OFFSET ?
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

    /// Deletes a conversation with all that belongs to it; answers how many messages that were, on all its branches.
    static func delete(_ number: Int64, in database: GRDB.Database) throws -> Int {
        for sql in [
            """
            DELETE FROM run_events WHERE run IN
                (SELECT id FROM runs WHERE message IN (SELECT number FROM messages WHERE conversation = ?))
            """,
            "DELETE FROM runs WHERE message IN (SELECT number FROM messages WHERE conversation = ?)",
            "DELETE FROM request_keys WHERE conversation = ?",
        ] {
            try database.cachedStatement(sql: sql).execute(arguments: [number])
        }
        try database.cachedStatement(sql: "DELETE FROM messages WHERE conversation = ?").execute(arguments: [number])
        let count = database.changesCount
        try database.cachedStatement(sql: "DELETE FROM conversations WHERE number = ?").execute(arguments: [number])
        return count
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
            number: row[0],
            id: try ColumnCoding.identifier(row[1]),
            user: row[2],
            persona: try ColumnCoding.identifier(row[3]),
            createdAt: Timestamp(microseconds: row[4]),
            updatedAt: Timestamp(microseconds: row[5]),
            messageCount: row[6],
            hasInstructions: row[7]
        )
    }
}
