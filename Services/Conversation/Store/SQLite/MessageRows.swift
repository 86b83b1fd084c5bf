import Contracts
import GRDB

/// The tables `messages` and `contents`.
enum MessageRows {
    private static let narrowColumns = "number, conversation, path, position, parent, sibling, id, role, status, run"
    /// The columns of a whole message.
    static let columns = """
        m.id, m.role, m.status, m.sibling, m.run, m.token_count, m.created_at, m.bytes, m.parent,
        (SELECT id FROM messages WHERE number = m.parent), c.kind, c.text, c.media_urls, c.audio_url, c.audio_seconds,
        c.metadata, c.tools, CASE WHEN instr(c.tools, '"parts"') THEN c.reasoning END
        """
    /// The columns of a message whose long texts are truncated.
    static let truncatedColumns = """
        m.id, m.role, m.status, m.sibling, m.run, m.token_count, m.created_at, m.bytes, m.parent,
        (SELECT id FROM messages WHERE number = m.parent), c.kind,
        CASE WHEN length(c.text) > 65536 THEN substr(c.text, 1, 65536) || '…' ELSE c.text END,
        c.media_urls, c.audio_url, c.audio_seconds, NULL, CASE WHEN length(c.tools) <= 65536 THEN c.tools END, NULL
        """
    private static let insertion = """
        INSERT INTO messages (id, conversation, path, position, parent, sibling, role, status, run, token_count, bytes,
            created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
        """
    private static let contentInsertion = """
        INSERT INTO contents (message, kind, text, media_urls, audio_url, audio_seconds, metadata, tools, reasoning, cuts)
        VALUES (?,?,?,?,?,?,?,?,?,?)
        """

    /// Where a message is stored.
    struct Place {
        var path: Int64
        var position: Int
        var parent: Int64
        var sibling = 0
    }

    /// A whole message.
    struct Read {
        var message: Message
        /// Number of the preceding message, see ``MessageRow/parent``.
        var parent: Int64
        /// Size of its content, in bytes.
        var bytes: Int
    }

    /// Inserts a message on a path and returns its number.
    static func insert(
        _ step: RunStep,
        of conversation: Int64,
        at place: Place,
        _ connection: Connection
    ) throws(StoreError) -> Int64 {
        let message = step.message
        let media = message.content.mediaURLs.isEmpty ? nil : try ColumnCoding.encode(message.content.mediaURLs)
        let tools = ToolColumn(message)?.text
        let cuts = ChunkColumn.text(step.chunks)
        let texts = [message.content.text, media, message.metadata?.text, tools, step.reasoning, cuts]
        let number = try connection.insert(
            insertion,
            [
                message.id.description, conversation, place.path, place.position, place.parent, place.sibling,
                message.role.rawValue, message.status.rawValue, message.run?.description, message.tokenCount,
                texts.reduce(0) { $0 + ($1?.utf8.count ?? 0) }, message.createdAt.microseconds,
            ]
        )
        try connection.run(
            contentInsertion,
            [
                number, message.content.kind.rawValue, message.content.text, media, message.content.audioURL,
                message.content.audioSeconds, message.metadata?.text, tools,
                step.reasoning.isEmpty ? nil : step.reasoning, cuts,
            ]
        )
        try PathRows.append(number, to: place.path, at: place.position, connection)
        return number
    }

    static func setStatus(_ status: Run.Status, of number: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE messages SET status = ? WHERE number = ?", [status.rawValue, number])
    }

    /// Sets the run that answers a question.
    static func setRun(_ run: Run.ID, of number: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE messages SET run = ? WHERE number = ?", [run.description, number])
    }

    static func find(_ number: Int64, _ connection: Connection) throws(StoreError) -> MessageRow? {
        try connection.first("SELECT \(narrowColumns) FROM messages WHERE number = ?", [number], readRow)
    }

    /// Returns a message of a conversation.
    static func find(
        _ id: Message.ID,
        of conversation: Int64,
        _ connection: Connection
    ) throws(StoreError) -> MessageRow? {
        let row = try connection.first(
            "SELECT \(narrowColumns) FROM messages WHERE id = ?",
            [id.description],
            readRow
        )
        return row?.conversation == conversation ? row : nil
    }

    /// Reads a whole message.
    static func read(_ number: Int64, _ connection: Connection) throws(StoreError) -> Message? {
        let sql = "SELECT \(columns) FROM messages m JOIN contents c ON c.message = m.number WHERE m.number = ?"
        return try connection.first(sql, [number]) { row throws(StoreError) in try read(row).message }
    }

    /// Reads a message as a step of a run.
    static func readStep(_ number: Int64, _ connection: Connection) throws(StoreError) -> RunStep? {
        let sql = """
            SELECT \(columns), c.reasoning, c.cuts FROM messages m JOIN contents c ON c.message = m.number
            WHERE m.number = ?
            """
        return try connection.first(sql, [number]) { row throws(StoreError) in
            let (reasoning, cuts): (String?, String?) = (row[18], row[19])
            return RunStep(
                message: try read(row).message,
                reasoning: reasoning ?? "",
                chunks: try ChunkColumn.chunks(cuts ?? "")
            )
        }
    }

    /// Decodes a row of ``columns``.
    static func read(_ row: Row) throws(StoreError) -> Read {
        let (run, parent): (String?, String?) = (row[4], row[9])
        let (media, metadata, tools): (String?, String?, String?) = (row[12], row[15], row[16])
        var message = Message(
            id: try ColumnCoding.identifier(row[0]),
            role: try ColumnCoding.enumValue(row[1]),
            content: Message.Content(
                kind: try ColumnCoding.enumValue(row[10]),
                text: row[11],
                mediaURLs: try media.map { text throws(StoreError) in try ColumnCoding.decode([String].self, text) }
                    ?? [],
                audioURL: row[13],
                audioSeconds: row[14]
            ),
            status: try ColumnCoding.enumValue(row[2]),
            parent: try parent.map { text throws(StoreError) in try ColumnCoding.identifier(text) },
            run: try run.map { text throws(StoreError) in try ColumnCoding.identifier(text) },
            tokenCount: row[5],
            createdAt: Timestamp(microseconds: row[6]),
            // The number of siblings when it was stored; lists replace it by the current number.
            branch: Message.Branch(sibling: row[3]),
            metadata: metadata.map { RawJSON($0) }
        )
        if let tools { try ToolColumn(text: tools).apply(to: &message) }
        if message.parts != nil { message.reasoning = row[17] }
        return Read(message: message, parent: row[8], bytes: row[7])
    }

    private static func readRow(_ row: Row) throws(StoreError) -> MessageRow {
        let run: String? = row[9]
        return MessageRow(
            number: row[0],
            conversation: row[1],
            path: row[2],
            position: row[3],
            parent: row[4],
            sibling: row[5],
            id: try ColumnCoding.identifier(row[6]),
            role: try ColumnCoding.enumValue(row[7]),
            status: try ColumnCoding.enumValue(row[8]),
            run: try run.map { text throws(StoreError) in try ColumnCoding.identifier(text) }
        )
    }
}

extension Message.Branch {
    /// Creates the branch position of a new message; `nil` if it has no siblings.
    init?(sibling: Int) {
        guard sibling > 0 else { return nil }
        self.init(index: sibling, count: sibling + 1)
    }
}
