import Contracts
import Foundation
import GRDB

/// A stored run.
struct StoredRun: Sendable, Equatable {
    var run: Run
    /// Row number of its conversation.
    var conversation: Int64
    /// Row number and position of its question.
    var message: Int64
    var position: Int
    /// The API key with which it was started.
    var apiKey: APIKey.ID?
    /// Row number of its answer, if any.
    var answer: Int64?
    /// Row number of the answer on the selected path when a regeneration started.
    var replaces: Int64?
    /// Size of the text of each text event in order, in bytes; the first text event has the number 2.
    var chunkSizes: [Int] = []
    /// The end of the run, without the answer.
    var end: Run.End?
}

/// The table `runs`.
enum RunRows {
    private static let selection = """
        SELECT r.message, r.answer, r.id, r.status, r.last_event, r.cuts, r.ending, r.created_at, r.ended_at,
            c.number, c.id, m.id, m.position, a.id, r.replaces, r.api_key, r.model
        FROM runs r JOIN messages m ON m.number = r.message JOIN conversations c ON c.number = m.conversation
        LEFT JOIN messages a ON a.number = r.answer
        """
    private static let insertion = """
        INSERT INTO runs (message, replaces, id, status, last_event, created_at, api_key) VALUES (?,?,?,?,?,?,?)
        """
    private static let ending = """
        UPDATE runs SET answer = ?, status = ?, last_event = ?, cuts = ?, ending = ?, ended_at = ? WHERE id = ?
        """

    /// Inserts a run for a question; `replaces` is the row number of the answer that is regenerated.
    static func insert(
        _ run: Run,
        of message: Int64,
        by apiKey: APIKey.ID? = nil,
        replacing replaces: Int64? = nil,
        in database: GRDB.Database
    ) throws {
        try database.cachedStatement(sql: insertion).execute(arguments: [
            message, replaces, run.id.description, run.status.rawValue, run.lastEvent, run.createdAt.microseconds,
            apiKey?.description,
        ])
    }

    /// Stores that a queued run has started.
    static func begin(_ id: Run.ID, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "UPDATE runs SET status = 'running' WHERE id = ? AND status = 'queued'")
            .execute(arguments: [id.description])
    }

    /// Stores the model while the run is in progress, for recovery.
    static func setModel(_ model: String, of id: Run.ID, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "UPDATE runs SET model = ? WHERE id = ?")
            .execute(arguments: [model, id.description])
    }

    /// Stores the end of a run.
    static func finish(_ stored: StoredRun, in database: GRDB.Database) throws {
        let cuts = stored.chunkSizes.map(String.init).joined(separator: " ")
        try database.cachedStatement(sql: ending).execute(arguments: [
            stored.answer, stored.run.status.rawValue, stored.run.lastEvent, cuts,
            try stored.end.map(ColumnCoding.encode), stored.run.endedAt?.microseconds, stored.run.id.description,
        ])
    }

    static func find(_ id: Run.ID, in database: GRDB.Database) throws -> StoredRun? {
        let statement = try database.cachedStatement(sql: "\(selection) WHERE r.id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    /// Returns the row number of the answer that a regeneration replaces.
    static func replacedAnswer(of id: Run.ID, in database: GRDB.Database) throws -> Int64? {
        let statement = try database.cachedStatement(sql: "SELECT replaces FROM runs WHERE id = ?")
        return try Int64?.fetchOne(statement, arguments: [id.description]) ?? nil
    }

    /// Returns the user and API key whose usage the run counts for.
    static func owner(of id: Run.ID, in database: GRDB.Database) throws -> (user: String, key: APIKey.ID?)? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT c.user, r.api_key FROM runs r JOIN messages m ON m.number = r.message
                JOIN conversations c ON c.number = m.conversation WHERE r.id = ?
                """
        )
        guard let row = try Row.fetchOne(statement, arguments: [id.description]) else { return nil }
        let key: String? = row[1]
        return (row[0], try key.map(ColumnCoding.identifier))
    }

    /// Returns the unfinished runs in the order of their start.
    static func unfinished(in database: GRDB.Database) throws -> [StoredRun] {
        let sql = "\(selection) WHERE r.status IN ('queued', 'running') ORDER BY r.number"
        return try Row.fetchAll(database, sql: sql).map(read)
    }

    /// Returns the queued runs of a conversation in the order of their start.
    static func queued(in conversation: Int64, _ database: GRDB.Database) throws -> [StoredRun] {
        let sql = "\(selection) WHERE r.status = 'queued' AND m.conversation = ? ORDER BY r.number"
        return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [conversation]).map(read)
    }

    private static func read(_ row: Row) throws -> StoredRun {
        let cuts: String? = row[5]
        let ending: String? = row[6]
        let endedAt: Int64? = row[8]
        let answer: String? = row[13]
        let apiKey: String? = row[15]
        let end = try ending.map { try ColumnCoding.decode(Run.End.self, $0) }
        return StoredRun(
            run: Run(
                id: try ColumnCoding.identifier(row[2]),
                conversation: try ColumnCoding.identifier(row[10]),
                status: try ColumnCoding.enumValue(row[3]),
                model: end?.model ?? row[16],
                userMessage: try ColumnCoding.identifier(row[11]),
                assistantMessage: try answer.map(ColumnCoding.identifier),
                lastEvent: row[4],
                usage: end?.usage,
                fault: end?.fault,
                attempts: end?.attempts,
                finishReason: end?.finishReason,
                createdAt: Timestamp(microseconds: row[7]),
                endedAt: endedAt.map(Timestamp.init(microseconds:))
            ),
            conversation: row[9],
            message: row[0],
            position: row[12],
            apiKey: try apiKey.map(ColumnCoding.identifier),
            answer: row[1],
            replaces: row[14],
            chunkSizes: (cuts ?? "").split(separator: " ").compactMap { Int($0) },
            end: end
        )
    }
}
