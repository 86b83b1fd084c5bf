import Contracts
import GRDB

/// A stored message and its place in its conversation.
struct StoredMessage: Sendable, Equatable {
    /// Its row number; 0 before it is stored.
    var number: Int64 = 0
    /// A greeting has position 0; a question has the next odd position, and its answers the even position after it.
    var position: Int
    /// Whether the message is on the selected path.
    var isOnPath = true
    /// Its index among the messages with the same parent and role.
    var sibling = 0
    var message: Message
}

/// The table `messages`.
enum MessageRows {
    static let columns = """
        number, position, branch, sibling, id, role, kind, content, media_urls, audio_url, audio_seconds, status, parent,
        run, token_count, created_at, metadata, tools
        """
    /// The columns with long texts truncated.
    static let truncatedColumns = """
        number, position, branch, sibling, id, role, kind,
        CASE WHEN length(content) > 65536 THEN substr(content, 1, 65536) || '…' ELSE content END,
        media_urls, audio_url, audio_seconds, status, parent, run, token_count, created_at, NULL,
        CASE WHEN length(tools) <= 65536 THEN tools END
        """
    private static let insertion = """
        INSERT INTO messages (conversation, position, branch, sibling, id, role, kind, content, media_urls, audio_url,
            audio_seconds, status, parent, run, token_count, created_at, metadata, tools)
        VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    /// Inserts a message and returns its row number.
    ///
    /// Each position can have at most one message on the selected path.
    @discardableResult
    static func insert(
        _ stored: StoredMessage,
        into conversation: Int64,
        in database: GRDB.Database
    ) throws -> Int64 {
        let message = stored.message
        let media = message.content.mediaURLs.isEmpty ? nil : try ColumnCoding.encode(message.content.mediaURLs)
        try database.cachedStatement(sql: insertion).execute(arguments: [
            conversation, stored.position, stored.isOnPath ? 0 : -1, stored.sibling, message.id.description,
            message.role.rawValue, message.content.kind.rawValue, message.content.text, media,
            message.content.audioURL, message.content.audioSeconds, message.status.rawValue,
            message.parent?.description, message.run?.description, message.tokenCount, message.createdAt.microseconds,
            message.metadata?.text, ToolColumn(message)?.text,
        ])
        let number = database.lastInsertedRowID
        if !stored.isOnPath { try takeOffPath(number, in: database) }
        return number
    }

    /// Removes a message from the selected path.
    static func takeOffPath(_ number: Int64, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "UPDATE messages SET branch = number WHERE number = ?")
            .execute(arguments: [number])
    }

    static func setStatus(_ status: Run.Status, of number: Int64, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "UPDATE messages SET status = ? WHERE number = ?")
            .execute(arguments: [status.rawValue, number])
    }

    /// Sets the run that answers a question.
    static func setRun(_ run: Run.ID, of number: Int64, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "UPDATE messages SET run = ? WHERE number = ?")
            .execute(arguments: [run.description, number])
    }

    static func find(_ number: Int64, in database: GRDB.Database) throws -> StoredMessage? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM messages WHERE number = ?")
        return try Row.fetchOne(statement, arguments: [number]).map(read)
    }

    static func find(_ id: Message.ID, in database: GRDB.Database) throws -> StoredMessage? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM messages WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    /// Returns a message of a conversation.
    ///
    /// Throws `missing` if it does not exist.
    static func find(
        _ id: Message.ID,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws -> StoredMessage {
        let statement = try database.cachedStatement(
            sql: "SELECT \(columns) FROM messages WHERE id = ? AND conversation = ?"
        )
        guard let row = try Row.fetchOne(statement, arguments: [id.description, conversation]) else {
            throw Fault(.missing, "Message not found")
        }
        return try read(row)
    }

    static func isOnPath(_ number: Int64, in database: GRDB.Database) throws -> Bool {
        let statement = try database.cachedStatement(sql: "SELECT branch FROM messages WHERE number = ?")
        return try Int64.fetchOne(statement, arguments: [number]) == 0
    }

    static func read(_ row: Row) throws -> StoredMessage {
        let branch: Int64 = row[2]
        let sibling: Int = row[3]
        let media: String? = row[8]
        let parent: String? = row[12]
        let run: String? = row[13]
        let metadata: String? = row[16]
        let tools: String? = row[17]
        var stored = StoredMessage(
            number: row[0],
            position: row[1],
            isOnPath: branch == 0,
            sibling: sibling,
            message: Message(
                id: try ColumnCoding.identifier(row[4]),
                role: try ColumnCoding.enumValue(row[5]),
                content: Message.Content(
                    kind: try ColumnCoding.enumValue(row[6]),
                    text: row[7],
                    mediaURLs: try media.map { try ColumnCoding.decode([String].self, $0) } ?? [],
                    audioURL: row[9],
                    audioSeconds: row[10]
                ),
                status: try ColumnCoding.enumValue(row[11]),
                parent: try parent.map(ColumnCoding.identifier),
                run: try run.map(ColumnCoding.identifier),
                tokenCount: row[14],
                createdAt: Timestamp(microseconds: row[15]),
                // The number of siblings at the time of storing; lists replace it by the current number.
                branch: Message.Branch(sibling: sibling),
                metadata: metadata.map { RawJSON($0) }
            )
        )
        if let tools { try ToolColumn(text: tools).apply(to: &stored.message) }
        return stored
    }
}
