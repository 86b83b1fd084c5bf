import Contracts
import GRDB

extension SQLiteStore {
    /// Maximum number of messages per commit, and size of their contents in bytes above which no further one is deleted,
    /// so that other writes are not delayed.
    private static let purgeCount = 200
    private static let purgeBytes = 4 * 1024 * 1024

    func deleteConversation(_ id: Conversation.ID, of principal: Principal) async throws -> Result<Int, Fault> {
        try await database.write { connection throws(StoreError) in
            switch try ConversationRows.find(id, of: principal, connection) {
            case .failure(let refusal): .failure(refusal)
            case .success(let row): .success(try ConversationRows.markDeleted(row, connection))
            }
        }
    }

    func purgeConversations() async throws -> Bool {
        let sql = "SELECT number FROM conversations WHERE state != 0 AND state = 2 LIMIT 1"
        // Usually there is nothing to delete, and no write is needed.
        guard
            let number = try await database.read({ connection throws(StoreError) -> Int64? in
                try connection.value(sql)
            })
        else { return false }
        try await database.write { connection throws(StoreError) in
            try Self.purge(number, connection)
        }
        return true
    }

    private static func purge(_ conversation: Int64, _ connection: Connection) throws(StoreError) {
        let pathSQL = "SELECT number FROM paths WHERE conversation = ? LIMIT 1"
        guard let path = try connection.value(pathSQL, [conversation], as: Int64.self) else {
            return try purgeRest(of: conversation, connection)
        }
        var (places, bytes): ([(message: Int64, position: Int)], Int) = ([], 0)
        let sql = """
            SELECT p.message, p.position, m.bytes FROM path_messages p LEFT JOIN messages m ON m.number = p.message
            WHERE p.path = ? ORDER BY p.position LIMIT \(purgeCount)
            """
        try connection.each(sql, [path]) { row throws(StoreError) in
            places.append((row[0], row[1]))
            bytes += row[2] ?? 0
            return bytes < purgeBytes
        }
        guard let last = places.last else {
            return try connection.run("DELETE FROM paths WHERE number = ?", [path])
        }
        for place in places { try purge(message: place.message, connection) }
        try connection.run("DELETE FROM path_messages WHERE path = ? AND position <= ?", [path, last.position])
    }

    private static func purge(message: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run(
            "DELETE FROM run_events WHERE run IN (SELECT id FROM runs WHERE message = ?)",
            [message]
        )
        try connection.run("DELETE FROM runs WHERE message = ?", [message])
        try connection.run("DELETE FROM contents WHERE message = ?", [message])
        try connection.run("DELETE FROM messages WHERE number = ?", [message])
    }

    /// Deletes what is left of a conversation after its messages and paths.
    private static func purgeRest(of conversation: Int64, _ connection: Connection) throws(StoreError) {
        // The memories stay: the user deletes them separately.
        guard try MemoryRows.removeProvenance(conversation, limit: purgeCount, connection) < purgeCount else { return }
        try connection.run(
            "DELETE FROM run_events WHERE run IN (SELECT id FROM runs WHERE conversation = ? AND message IS NULL)",
            [conversation]
        )
        try connection.run("DELETE FROM runs WHERE conversation = ? AND message IS NULL", [conversation])
        try connection.run("DELETE FROM request_keys WHERE scope = ?", [RequestKeyRows.scope(of: conversation)])
        try connection.run("DELETE FROM conversation_instructions WHERE conversation = ?", [conversation])
        try connection.run("DELETE FROM conversations WHERE number = ?", [conversation])
    }
}
