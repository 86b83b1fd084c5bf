import Contracts
import GRDB

/// The table `runs`.
enum RunRows {
    private static let selection = """
        SELECT r.number, r.id, r.conversation, r.message, r.path, r.replaces, r.owner, r.status, r.options, r.model,
            r.api_key, r.last_event, r.step, r.answer, r.ending, r.created_at, r.ended_at, c.id, c.user, c.state,
            q.id, (SELECT id FROM messages WHERE number = r.answer), r.step_event, c.path, c.path_count, q.position,
            q.status
        FROM runs r JOIN conversations c ON c.number = r.conversation LEFT JOIN messages q ON q.number = r.message
        """
    private static let selectionByID = "\(selection) WHERE r.id = ?"
    private static let insertion = """
        INSERT INTO runs (id, conversation, message, purpose, path, replaces, owner, status, options, api_key, last_event,
            created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
        """
    private static let ending = """
        UPDATE runs SET answer = ?, status = ?, last_event = ?, ending = ?, model = COALESCE(?, model), ended_at = ?
        WHERE number = ?
        """

    /// The status of a run that cannot be read; it is shown as interrupted.
    private static let setAsideStatus = "set_aside"
    private static let unreadable = Fault(
        .internal,
        "This run was interrupted, and what is stored of it cannot be read. Regenerate the answer."
    )

    /// What a new run belongs to.
    struct Place {
        var conversation: Int64
        var message: Int64?
        var path: Int64?
        var replaces: Int64?
        var purpose: String?
    }

    static func insert(
        _ run: Run,
        _ place: Place,
        options: Run.Options?,
        apiKey: APIKey.ID?,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        let encoded = try options.map { options throws(StoreError) in try ColumnCoding.encode(options) }
        try connection.run(
            insertion,
            [
                run.id.description, place.conversation, place.message, place.purpose, place.path, place.replaces, owner,
                run.status.rawValue, encoded, apiKey?.description, run.lastEvent, run.createdAt.microseconds,
            ]
        )
    }

    /// Stores that a queued run has started; returns whether the owner may do so.
    @discardableResult
    static func begin(_ id: Run.ID, owner: Int64, _ connection: Connection) throws(StoreError) -> Bool {
        try connection.run(
            "UPDATE runs SET status = 'running' WHERE id = ? AND owner = ? AND status IN ('queued', 'running')",
            [id.description, owner]
        )
        return connection.changeCount > 0
    }

    /// Stores the model while the run is in progress, for recovery.
    static func setModel(_ model: String, of id: Run.ID, owner: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run(
            "UPDATE runs SET model = ? WHERE id = ? AND owner = ? AND status = 'running'",
            [model, id.description, owner]
        )
    }

    static func setPath(_ path: Int64, of number: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE runs SET path = ? WHERE number = ?", [path, number])
    }

    /// Whether a run that answers a message has not ended.
    static func hasUnfinished(_ message: Int64, _ connection: Connection) throws(StoreError) -> Bool {
        let sql = "SELECT 1 FROM runs WHERE message = ? AND status IN ('queued', 'running') LIMIT 1"
        return try connection.value(sql, [message], as: Int.self) != nil
    }

    static func setStep(
        _ message: Int64,
        event: Int,
        of number: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run("UPDATE runs SET step = ?, step_event = ? WHERE number = ?", [message, event, number])
    }

    /// Stores the end of a run.
    static func finish(
        _ number: Int64,
        _ finish: FinishRun,
        answer: Int64?,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            ending,
            [
                answer, finish.end.status.rawValue, finish.lastEvent, try ColumnCoding.encode(finish.end),
                finish.end.model, finish.moment.microseconds, number,
            ]
        )
    }

    static func find(_ id: Run.ID, _ connection: Connection) throws(StoreError) -> RunRow? {
        try connection.first(selectionByID, [id.description], read)
    }

    static func find(number: Int64, _ connection: Connection) throws(StoreError) -> RunRow? {
        try connection.first("\(selection) WHERE r.number = ?", [number], read)
    }

    /// Returns the queued runs of a conversation in the order of their start.
    static func queued(
        in conversation: Int64,
        owner: Int64,
        _ connection: Connection
    ) throws(StoreError) -> [RunRow] {
        let sql = """
            \(selection) WHERE r.status IN ('queued', 'running') AND r.status = 'queued' AND r.conversation = ?
                AND r.owner = ? ORDER BY r.number
            """
        return try connection.all(sql, [conversation, owner], read)
    }

    /// Returns the numbers of up to `limit` unfinished runs of other owners, optionally of one conversation.
    static func abandoned(
        _ status: Run.Status,
        of conversation: Int64?,
        by owner: Int64,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [Int64] {
        let condition = conversation == nil ? "" : "AND conversation = ?4"
        let sql = """
            SELECT number FROM runs INDEXED BY runs_unfinished WHERE status IN ('queued', 'running') AND status = ?1
                AND owner != ?2 \(condition) LIMIT ?3
            """
        let arguments: [(any DatabaseValueConvertible)?] = [status.rawValue, owner, limit]
        let rest: [(any DatabaseValueConvertible)?] = conversation.map { [$0] } ?? []
        return try connection.all(sql, StatementArguments(arguments + rest)) { $0[0] }
    }

    static func setOwner(_ owner: Int64, of number: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE runs SET owner = ? WHERE number = ?", [owner, number])
    }

    /// Takes a run that cannot be read out of recovery; it is not deleted.
    static func setAside(
        _ number: Int64,
        because reason: String,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run("UPDATE runs SET status = 'set_aside' WHERE number = ?", [number])
        try connection.run(
            "INSERT OR REPLACE INTO set_aside (kind, number, reason, found_at) VALUES ('run', ?, ?, ?)",
            [number, reason, moment.microseconds]
        )
    }

    /// Makes the runs that would return to a path return to another one.
    static func replace(
        _ path: Int64,
        with other: Int64?,
        in conversation: Int64,
        _ connection: Connection
    ) throws(StoreError) {
        let sql = """
            UPDATE runs SET replaces = ? WHERE status IN ('queued', 'running') AND conversation = ? AND replaces = ?
            """
        try connection.run(sql, [other, conversation, path])
    }

    static func read(_ row: Row) throws(StoreError) -> RunRow {
        let (options, apiKey, ending): (String?, String?, String?) = (row[8], row[10], row[14])
        let (question, answer): (String?, String?) = (row[20], row[21])
        let endedAt: Int64? = row[16]
        let end = try ending.map { text throws(StoreError) in try ColumnCoding.decode(Run.End.self, text) }
        let state: Int = row[19]
        let isDeleted = state != ConversationRow.State.stored.rawValue
        let isSetAside = row[7] as String == setAsideStatus
        let status: Run.Status = try isSetAside ? .interrupted : ColumnCoding.enumValue(row[7])
        let (pathCount, questionStatus): (Int, String?) = (row[24], row[26])
        // The conversation's id is freed by its deletion, and a run without a question names none.
        let run = Run(
            id: try ColumnCoding.identifier(row[1]),
            conversation: isDeleted
                ? Conversation.ID(at: Timestamp(microseconds: row[15])) : try ColumnCoding.identifier(row[17]),
            status: status,
            model: end?.model ?? row[9],
            userMessage: try question.map { text throws(StoreError) in try ColumnCoding.identifier(text) }
                ?? Message.ID(at: Timestamp(microseconds: row[15])),
            assistantMessage: try answer.map { text throws(StoreError) in try ColumnCoding.identifier(text) },
            lastEvent: row[11],
            usage: end?.usage,
            fault: isSetAside ? unreadable : end?.fault,
            attempts: end?.attempts,
            finishReason: end?.finishReason,
            createdAt: Timestamp(microseconds: row[15]),
            endedAt: endedAt.map(Timestamp.init(microseconds:))
        )
        return RunRow(
            number: row[0],
            run: run,
            conversation: row[2],
            user: row[18],
            isDeleted: isDeleted,
            selectedPath: row[23],
            hasBranches: pathCount > 1,
            message: row[3],
            position: row[25],
            questionStatus: try questionStatus.map { text throws(StoreError) in try ColumnCoding.enumValue(text) },
            path: row[4],
            replaces: row[5],
            owner: row[6],
            options: try options.map { text throws(StoreError) in try ColumnCoding.decode(Run.Options.self, text) },
            apiKey: try apiKey.map { text throws(StoreError) in try ColumnCoding.identifier(text) },
            step: row[12],
            stepEvent: row[22],
            answer: row[13],
            end: end
        )
    }
}
