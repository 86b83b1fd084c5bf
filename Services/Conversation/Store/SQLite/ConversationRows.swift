import Contracts
import GRDB

/// A stored conversation, without its persona and messages.
struct StoredConversation: Sendable, Equatable {
    /// Its row number; 0 before it is stored.
    var number: Int64 = 0
    var id: Conversation.ID
    var user: String
    var persona: Persona.ID
    var createdAt: Timestamp
    var updatedAt: Timestamp
    /// Number of messages on its selected path.
    var messageCount: Int
    /// Whether it has its own system prompt, see ``ConversationRows/instructions(of:in:)``, instead of the persona's.
    var hasInstructions = false
}

/// The table `conversations`.
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

    /// Inserts a conversation and returns its row number; `instructions` replaces the persona's system prompt.
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

    /// Counts a user's message, makes the conversation the most recently used one, and returns its path version.
    ///
    /// Throws `missing` if the conversation does not exist.
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

    /// Records a change of the path: counts its messages again and increments the path version.
    static func recordBranchChange(of number: Int64, at moment: Timestamp, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: branchUpdate).execute(arguments: [moment.microseconds, number])
        guard database.changesCount == 1 else { throw Fault(.missing, "Conversation not found") }
    }

    /// Returns the number of changes of the selected path.
    static func pathVersion(of number: Int64, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT path_version FROM conversations WHERE number = ?")
        return try Int.fetchOne(statement, arguments: [number]) ?? 0
    }

    /// Reads the system prompt that replaces the persona's; separate from the other columns because it may be long.
    static func instructions(of number: Int64, in database: GRDB.Database) throws -> String? {
        let statement = try database.cachedStatement(sql: "SELECT instructions FROM conversations WHERE number = ?")
        return try String?.fetchOne(statement, arguments: [number]) ?? nil
    }

    static func find(_ id: Conversation.ID, in database: GRDB.Database) throws -> StoredConversation? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM conversations WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    /// Returns the user's most recently used conversation with a persona.
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

    /// Returns a page of a user's conversations, most recently used first, optionally with one persona only.
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

    /// Deletes a conversation and everything that belongs to it; returns the number of deleted messages of all
    /// branches.
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
