import Contracts
import GRDB

/// The rows of memories.
///
/// Every statement on a user's memories names their owner.
enum MemoryRows {
    /// A memory with its row number.
    struct Stored {
        var number: Int64
        var memory: Memory
    }

    /// A conversation is shown until it is deleted.
    private static let columns = """
        number, id, text, source,
        (SELECT c.id FROM conversations c WHERE c.number = memories.conversation AND c.state = 0),
        message, created_at, updated_at
        """

    /// Inserts a memory and its words.
    static func insert(
        _ text: MemoryText,
        of origin: MemoryOrigin,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) -> Stored {
        let conversation = try conversationNumber(of: origin, connection)
        let memory = Memory(
            id: Memory.ID(at: origin.moment),
            text: text.text,
            source: origin.source,
            conversation: conversation == nil ? nil : origin.conversation,
            message: conversation == nil ? nil : origin.message,
            createdAt: origin.moment,
            updatedAt: origin.moment
        )
        let number = try connection.insert(
            """
            INSERT INTO memories (id, owner, text, digest, source, conversation, message, created_at, updated_at, embedding)
            VALUES (?,?,?,?,?,?,?,?,?,0)
            """,
            [
                memory.id.description, owner, memory.text, text.digest, memory.source.rawValue,
                conversation, memory.message?.description, memory.createdAt.microseconds,
                memory.updatedAt.microseconds,
            ]
        )
        try MemoryWordRows.insert(MemoryWords.index(of: memory.text), of: number, owner: owner, connection)
        return Stored(number: number, memory: memory)
    }

    /// The number of the conversation that a memory is known from; `nil` if it was deleted meanwhile.
    private static func conversationNumber(
        of origin: MemoryOrigin,
        _ connection: Connection
    ) throws(StoreError) -> Int64? {
        guard let conversation = origin.conversation else { return nil }
        return try connection.value(
            "SELECT number FROM conversations WHERE id = ? AND user = ? AND state = 0",
            [conversation.description, origin.user]
        )
    }

    /// Replaces the text, its words and its embedding.
    static func update(
        _ stored: Stored,
        to text: MemoryText,
        owner: Int64,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> Memory {
        // Later than before, also after the clock was set back: the time is the version of the text.
        let updatedAt = max(moment.microseconds, stored.memory.updatedAt.microseconds + 1)
        try removeIndexes(of: stored, owner: owner, connection)
        try connection.run(
            "UPDATE memories SET text = ?, digest = ?, updated_at = ?, embedding = 0 WHERE number = ? AND owner = ?",
            [text.text, text.digest, updatedAt, stored.number, owner]
        )
        try MemoryWordRows.insert(MemoryWords.index(of: text.text), of: stored.number, owner: owner, connection)
        var memory = stored.memory
        (memory.text, memory.updatedAt) = (text.text, Timestamp(microseconds: updatedAt))
        return memory
    }

    static func delete(_ stored: Stored, owner: Int64, _ connection: Connection) throws(StoreError) {
        try removeIndexes(of: stored, owner: owner, connection)
        try connection.run("DELETE FROM memories WHERE number = ? AND owner = ?", [stored.number, owner])
    }

    private static func removeIndexes(
        of stored: Stored,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        try MemoryWordRows.delete(
            MemoryWords.index(of: stored.memory.text),
            of: stored.number,
            owner: owner,
            connection
        )
        try MemoryVectorRows.delete(stored.number, owner: owner, connection)
    }

    static func find(_ id: Memory.ID, owner: Int64, _ connection: Connection) throws(StoreError) -> Stored? {
        try connection.first(
            "SELECT \(columns) FROM memories WHERE id = ? AND owner = ?",
            [id.description, owner],
            read
        )
    }

    static func find(number: Int64, owner: Int64, _ connection: Connection) throws(StoreError) -> Stored? {
        try connection.first("SELECT \(columns) FROM memories WHERE number = ? AND owner = ?", [number, owner], read)
    }

    /// Returns the memory with the same text; see ``MemoryText/comparisonForm``.
    static func find(same text: MemoryText, owner: Int64, _ connection: Connection) throws(StoreError) -> Stored? {
        let sql = "SELECT \(columns) FROM memories WHERE owner = ? AND digest = ?"
        return try connection.all(sql, [owner, text.digest], read).first { text.isSame(as: $0.memory.text) }
    }

    /// Returns up to `limit` memories, newest first.
    static func list(owner: Int64, limit: Int, offset: Int, _ connection: Connection) throws(StoreError) -> [Stored] {
        try connection.all(
            "SELECT \(columns) FROM memories WHERE owner = ? ORDER BY number DESC LIMIT ? OFFSET ?",
            [owner, limit, offset],
            read
        )
    }

    /// Removes the provenance of up to `limit` memories that are known from a deleted conversation; returns their number.
    static func removeProvenance(
        _ conversation: Int64,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> Int {
        try connection.run(
            """
            UPDATE memories SET conversation = NULL, message = NULL WHERE number IN
                (SELECT number FROM memories WHERE conversation = ? LIMIT ?)
            """,
            [conversation, limit]
        )
        return connection.changeCount
    }

    /// Returns up to `limit` memories whose `embedding` is below, equal to or above a number, newest first.
    static func toEmbed(
        _ comparison: Comparison,
        _ number: Int64,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [UnembeddedMemory] {
        let sql = """
            SELECT id, text, updated_at FROM memories m WHERE embedding \(comparison.rawValue) ?
            AND (SELECT user FROM memory_owners WHERE number = m.owner) IS NOT NULL
            ORDER BY embedding, number DESC LIMIT ?
            """
        return try connection.all(sql, [number, limit]) { row throws(StoreError) in
            UnembeddedMemory(
                id: try ColumnCoding.identifier(row[0]),
                text: row[1],
                updatedAt: Timestamp(microseconds: row[2])
            )
        }
    }

    enum Comparison: String {
        case below = "<"
        case equal = "="
        case above = ">"
    }

    /// Sets the model that embedded a memory; `nil` if the memory was changed or deleted meanwhile.
    static func markEmbedded(
        _ memory: UnembeddedMemory,
        by model: Int64,
        _ connection: Connection
    ) throws(StoreError) -> (memory: Int64, owner: Int64)? {
        try connection.first(
            "UPDATE memories SET embedding = ? WHERE id = ? AND updated_at = ? RETURNING number, owner",
            [model, memory.id.description, memory.updatedAt.microseconds]
        ) { row in (row[0], row[1]) }
    }

    private static func read(_ row: Row) throws(StoreError) -> Stored {
        let (conversation, message): (String?, String?) = (row[4], row[5])
        return Stored(
            number: row[0],
            memory: Memory(
                id: try ColumnCoding.identifier(row[1]),
                text: row[2],
                source: try ColumnCoding.enumValue(row[3]),
                conversation: conversation.flatMap { Conversation.ID($0) },
                message: conversation == nil ? nil : message.flatMap { Message.ID($0) },
                createdAt: Timestamp(microseconds: row[6]),
                updatedAt: Timestamp(microseconds: row[7])
            )
        )
    }
}
