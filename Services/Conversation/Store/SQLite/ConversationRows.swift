import Contracts
import GRDB

/// The table `conversations`.
enum ConversationRows {
    private static let columns = """
        number, id, user, persona, created_at, updated_at, used_at, message_count, has_instructions, path, path_version,
        path_count, read_at
        """
    private static let insertion = """
        INSERT INTO conversations (id, user, persona, state, created_at, updated_at, used_at, path, path_version,
            path_count, message_count, total_count, has_instructions) VALUES (?,?,?,?,?,?,?,0,0,1,0,0,?)
        """

    /// Inserts a conversation without messages, with its first path.
    static func insert(
        _ conversation: StoredConversation,
        id: String? = nil,
        state: ConversationRow.State = .stored,
        _ connection: Connection
    ) throws(StoreError) -> ConversationRow {
        let number = try connection.insert(
            insertion,
            [
                id ?? conversation.id.description, conversation.user, conversation.persona.description, state.rawValue,
                conversation.createdAt.microseconds, conversation.updatedAt.microseconds,
                conversation.updatedAt.microseconds, conversation.hasInstructions,
            ]
        )
        let path = try PathRows.insert(of: number, connection)
        try connection.run("UPDATE conversations SET path = ? WHERE number = ?", [path, number])
        return ConversationRow(number: number, stored: conversation, usedAt: conversation.updatedAt, path: path)
    }

    static func find(_ id: Conversation.ID, _ connection: Connection) throws(StoreError) -> ConversationRow? {
        try connection.first(
            "SELECT \(columns) FROM conversations WHERE id = ? AND state = 0",
            [id.description],
            read
        )
    }

    /// Returns the principal's conversation; refusals: `missing`, `forbidden`.
    static func find(
        _ id: Conversation.ID,
        of principal: Principal,
        _ connection: Connection
    ) throws(StoreError) -> Result<ConversationRow, Fault> {
        guard let row = try find(id, connection) else {
            return .failure(Fault(.missing, "Conversation not found"))
        }
        if let refusal = row.stored.refusal(for: principal) { return .failure(refusal) }
        return .success(row)
    }

    /// Returns the conversation with a number unless it was deleted.
    static func find(number: Int64, _ connection: Connection) throws(StoreError) -> ConversationRow? {
        try connection.first(
            "SELECT \(columns) FROM conversations WHERE number = ? AND state = 0",
            [number],
            read
        )
    }

    /// Returns the user's most recently used conversation with a persona.
    static func find(
        user: String,
        persona: Persona.ID,
        _ connection: Connection
    ) throws(StoreError) -> ConversationRow? {
        let sql = """
            SELECT \(columns) FROM conversations WHERE persona = ? AND user = ? AND state = 0
            ORDER BY used_at DESC, number DESC LIMIT 1
            """
        return try connection.first(sql, [persona.description, user], read)
    }

    /// Reads a user's conversations after a cursor or offset, in an order.
    static func list(
        user: String,
        persona: Persona.ID?,
        after cursor: ConversationCursor?,
        offset: Int,
        limit: Int,
        order: Conversations.ListOrder,
        _ connection: Connection
    ) throws(StoreError) -> [ConversationRow] {
        var conditions = ["user = ?", "state = 0"]
        var arguments: [any DatabaseValueConvertible] = [user]
        if let persona {
            conditions.append("persona = ?")
            arguments.append(persona.description)
        }
        if let cursor, order == .use {
            conditions.append("(used_at, number) < (?, ?)")
            arguments += [cursor.usedAt, cursor.number]
        } else if let cursor {
            conditions.append("number > ?")
            arguments.append(cursor.number)
        }
        let sql = """
            SELECT \(columns) FROM conversations WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(order == .use ? "used_at DESC, number DESC" : "number") LIMIT ? OFFSET ?
            """
        return try connection.all(sql, StatementArguments(arguments + [limit, offset]), read)
    }

    /// Returns a page of the users who have a conversation with a persona.
    static func users(
        persona: Persona.ID,
        after user: String,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [String] {
        let sql = """
            SELECT DISTINCT user FROM conversations INDEXED BY conversations_by_persona
            WHERE persona = ? AND user > ? AND state = 0 ORDER BY user LIMIT ?
            """
        return try connection.all(sql, [persona.description, user, limit]) { row throws(StoreError) in row[0] }
    }

    static func count(user: String, persona: Persona.ID?, _ connection: Connection) throws(StoreError) -> Int {
        let count: Int?
        if let persona {
            let sql = "SELECT COUNT(*) FROM conversations WHERE persona = ? AND user = ? AND state = 0"
            count = try connection.value(sql, [persona.description, user])
        } else {
            count = try connection.value("SELECT COUNT(*) FROM conversations WHERE user = ? AND state = 0", [user])
        }
        return count ?? 0
    }

    /// Records new messages, of which `onPath` are on the selected path; a user's message makes the conversation the most
    /// recently used one.
    static func addMessages(
        _ count: Int,
        onPath: Int,
        isUse: Bool,
        to number: Int64,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        let use = isUse ? ", used_at = ?3" : ""
        let sql = """
            UPDATE conversations SET total_count = total_count + ?1, message_count = message_count + ?2,
                updated_at = ?3\(use) WHERE number = ?4
            """
        try connection.run(sql, [count, onPath, moment.microseconds, number])
        Counters.add(count, to: .messages, connection)
    }

    /// Records a change of the messages on the selected path; returns the new version of the paths.
    static func changePath(
        _ row: ConversationRow,
        to path: Int64,
        pathCount: Int,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> Int {
        let count = try PathRows.count(of: path, PathRows.allPositions, connection)
        let version = row.pathVersion + 1
        let sql = """
            UPDATE conversations SET path = ?, path_version = ?, path_count = ?, message_count = ?, updated_at = ?,
                used_at = ? WHERE number = ?
            """
        try connection.run(
            sql,
            [path, version, pathCount, count, moment.microseconds, moment.microseconds, row.number]
        )
        try PathRows.recordSelection(of: path, version: version, connection)
        return version
    }

    /// Counts a path that is not selected; `changesMessages` says that messages that were read may not be on their path.
    static func addPath(
        to number: Int64,
        changesMessages: Bool = false,
        _ connection: Connection
    ) throws(StoreError) {
        let sql = """
            UPDATE conversations SET path_count = path_count + 1, path_version = path_version + ? WHERE number = ?
            """
        try connection.run(sql, [changesMessages ? 1 : 0, number])
    }

    /// Counts a path less.
    static func removePath(from number: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE conversations SET path_count = path_count - 1 WHERE number = ?", [number])
    }

    /// Hides a conversation and frees its id; returns the number of its messages.
    static func markDeleted(_ row: ConversationRow, _ connection: Connection) throws(StoreError) -> Int {
        let sql = """
            UPDATE conversations SET state = 2, id = 'deleted ' || number WHERE number = ? RETURNING total_count
            """
        let count: Int = try connection.value(sql, [row.number]) ?? 0
        Counters.add(-1, to: .conversations, connection)
        Counters.add(-1, to: .conversationsWith(row.stored.persona), connection)
        Counters.add(-count, to: .messages, connection)
        return count
    }

    /// Records that the user has read the messages until a moment; returns the latest such moment.
    static func markRead(
        _ number: Int64,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> Timestamp {
        let sql = """
            UPDATE conversations SET read_at = MAX(COALESCE(read_at, 0), ?) WHERE number = ? RETURNING read_at
            """
        let latest: Int64? = try connection.value(sql, [moment.microseconds, number])
        return latest.map { Timestamp(microseconds: $0) } ?? moment
    }

    static func setInstructions(
        _ text: String,
        of number: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            "INSERT INTO conversation_instructions (conversation, text) VALUES (?, ?)",
            [number, text]
        )
    }

    static func instructions(of number: Int64, _ connection: Connection) throws(StoreError) -> String? {
        try connection.value("SELECT text FROM conversation_instructions WHERE conversation = ?", [number])
    }

    private static func read(_ row: Row) throws(StoreError) -> ConversationRow {
        ConversationRow(
            number: row[0],
            stored: StoredConversation(
                id: try ColumnCoding.identifier(row[1]),
                user: row[2],
                persona: try ColumnCoding.identifier(row[3]),
                createdAt: Timestamp(microseconds: row[4]),
                updatedAt: Timestamp(microseconds: row[5]),
                messageCount: row[7],
                hasInstructions: row[8]
            ),
            usedAt: Timestamp(microseconds: row[6]),
            path: row[9],
            pathVersion: row[10],
            pathCount: row[11],
            readAt: (row[12] as Int64?).map { Timestamp(microseconds: $0) }
        )
    }
}
