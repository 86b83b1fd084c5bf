import Contracts
import GRDB

/// Usage reserved for a call until its actual usage is known.
struct StoredReservation: Sendable, Equatable {
    /// The run's id for a turn, otherwise an id of its own.
    var id: String
    var user: String
    var apiKey: APIKey.ID?
    var model: String
    var estimate = UsageEstimate(promptTokens: 0, completionTokens: 0, cost: 0)
    /// Maximum number of tokens of the answer; `nil` for unlimited.
    var answerLimit: Int?
    var createdAt: Timestamp
    /// When the reserved amounts count as used; `nil` for a turn, which is settled with its run.
    var expiresAt: Timestamp?
}

/// The table `reservations` of unsettled reservations.
enum ReservationRows {
    private static let columns = """
        id, user, api_key, model, prompt_tokens, completion_tokens, cost, created_at, expires_at,
        answer_limit
        """

    static func insert(_ stored: StoredReservation, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO reservations (\(columns)) VALUES (?,?,?,?,?,?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            stored.id, stored.user, stored.apiKey?.description ?? "", stored.model, stored.estimate.promptTokens,
            stored.estimate.completionTokens, stored.estimate.cost, stored.createdAt.microseconds,
            stored.expiresAt?.microseconds, stored.answerLimit,
        ])
    }

    static func find(_ id: String, in database: GRDB.Database) throws -> StoredReservation? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM reservations WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id]).map(read)
    }

    /// Deletes a reservation; has no effect if there is none.
    static func delete(_ id: String, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "DELETE FROM reservations WHERE id = ?").execute(arguments: [id])
    }

    /// Returns the total reserved for a user or key.
    static func sum(of subject: Quota.Subject, in database: GRDB.Database) throws -> Usage.Total {
        let (column, value) = subject.column
        let statement = try database.cachedStatement(
            sql: """
                SELECT COUNT(*), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost) FROM reservations
                WHERE \(column) = ?
                """
        )
        var total = Usage.Total()
        guard let row = try Row.fetchOne(statement, arguments: [value]) else { return total }
        total.requests = row[0]
        total.promptTokens = row[1] ?? 0
        total.completionTokens = row[2] ?? 0
        total.estimatedTokens = total.tokens
        total.cost = row[3]
        return total
    }

    /// Returns up to `limit` expired reservations.
    static func expired(at moment: Timestamp, limit: Int, in database: GRDB.Database) throws -> [StoredReservation] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT \(columns) FROM reservations WHERE expires_at IS NOT NULL AND expires_at <= ?
                ORDER BY expires_at LIMIT ?
                """
        )
        return try Row.fetchAll(statement, arguments: [moment.microseconds, limit]).map(read)
    }

    /// Deletes the reservations of turns that have ended.
    static func deleteOrphans(in database: GRDB.Database) throws {
        try database.execute(
            sql: """
                DELETE FROM reservations WHERE expires_at IS NULL
                    AND id NOT IN (SELECT id FROM runs WHERE status IN ('queued', 'running'))
                """
        )
    }

    private static func read(_ row: Row) throws -> StoredReservation {
        let key: String = row[2]
        let expiresAt: Int64? = row[8]
        return StoredReservation(
            id: row[0],
            user: row[1],
            apiKey: key.isEmpty ? nil : try ColumnCoding.identifier(key),
            model: row[3],
            estimate: UsageEstimate(promptTokens: row[4], completionTokens: row[5], cost: row[6]),
            answerLimit: row[9],
            createdAt: Timestamp(microseconds: row[7]),
            expiresAt: expiresAt.map(Timestamp.init(microseconds:))
        )
    }
}
