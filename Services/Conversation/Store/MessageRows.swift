import Contracts
import GRDB

/// A message and its place in its conversation.
struct StoredMessage: Sendable, Equatable {
    /// What a user says has an odd position, its answer the even one after it; a greeting has 0.
    var position: Int
    var message: Message
}

/// The table of messages.
enum MessageRows {
    private static let columns = """
        position, id, role, kind, content, media_urls, audio_url, audio_seconds, status, parent, run, token_count,
        created_at
        """
    private static let insertion = """
        INSERT INTO messages (conversation, \(columns)) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
        """

    /// Adds a message and answers its number.
    static func insert(
        _ stored: StoredMessage,
        into conversation: Int64,
        in database: GRDB.Database
    ) throws -> Int64 {
        let message = stored.message
        let media = message.content.mediaURLs.isEmpty ? nil : try StoredValue.encode(message.content.mediaURLs)
        try database.cachedStatement(sql: insertion).execute(arguments: [
            conversation, stored.position, message.id.description, message.role.rawValue,
            message.content.kind.rawValue, message.content.text, media, message.content.audioURL,
            message.content.audioSeconds, message.status.rawValue, message.parent?.description,
            message.run?.description, message.tokenCount, message.createdAt.microseconds,
        ])
        return database.lastInsertedRowID
    }

    static func setStatus(
        _ status: Run.Status,
        at position: Int,
        of conversation: Int64,
        in database: GRDB.Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE messages SET status = ? WHERE conversation = ? AND position = ?"
        )
        try statement.execute(arguments: [status.rawValue, conversation, position])
    }

    static func list(
        of conversation: Int64,
        limit: Int,
        offset: Int,
        order: Order,
        in database: GRDB.Database
    ) throws -> [StoredMessage] {
        let direction = order == .ascending ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM messages WHERE conversation = ?
                ORDER BY position \(direction) LIMIT ? OFFSET ?
                """
        )
        return try Row.fetchAll(statement, arguments: [conversation, limit, offset]).map(read)
    }

    static func find(_ number: Int64, in database: GRDB.Database) throws -> StoredMessage? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM messages WHERE number = ?")
        return try Row.fetchOne(statement, arguments: [number]).map(read)
    }

    private static func read(_ row: Row) throws -> StoredMessage {
        let media: String? = row[5]
        let parent: String? = row[9]
        let run: String? = row[10]
        return StoredMessage(
            position: row[0],
            message: Message(
                id: try StoredValue.identifier(row[1]),
                role: try StoredValue.word(row[2]),
                content: Message.Content(
                    kind: try StoredValue.word(row[3]),
                    text: row[4],
                    mediaURLs: try media.map { try StoredValue.decode([String].self, $0) } ?? [],
                    audioURL: row[6],
                    audioSeconds: row[7]
                ),
                status: try StoredValue.word(row[8]),
                parent: try parent.map(StoredValue.identifier),
                run: try run.map(StoredValue.identifier),
                tokenCount: row[11],
                createdAt: Timestamp(microseconds: row[12])
            )
        )
    }
}
