import Contracts
import GRDB

/// The table `reservations` of unsettled reservations.
enum ReservationRows {
    private static let columns = """
        id, user, api_key, model, prompt_tokens, completion_tokens, cost, created_at, expires_at,
        answer_limit
        """

    static func insert(_ stored: StoredReservation, _ connection: Connection) throws(StoreError) {
        try connection.run(
            "INSERT INTO reservations (\(columns)) VALUES (?,?,?,?,?,?,?,?,?,?)",
            [
                stored.id, stored.user, stored.apiKey?.description ?? "", stored.model, stored.estimate.promptTokens,
                stored.estimate.completionTokens, stored.estimate.cost, stored.createdAt.microseconds,
                stored.expiresAt?.microseconds, stored.answerLimit,
            ]
        )
    }

    static func find(_ id: String, _ connection: Connection) throws(StoreError) -> StoredReservation? {
        try connection.first("SELECT \(columns) FROM reservations WHERE id = ?", [id], read)
    }

    /// Deletes a reservation and returns it; `nil` if there is none.
    static func take(_ id: String, _ connection: Connection) throws(StoreError) -> StoredReservation? {
        try connection.first("DELETE FROM reservations WHERE id = ? RETURNING \(columns)", [id], read)
    }

    /// Deletes a reservation; has no effect if there is none.
    static func delete(_ id: String, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM reservations WHERE id = ?", [id])
    }

    /// Returns the total reserved for a user or key.
    static func sum(of subject: Quota.Subject, _ connection: Connection) throws(StoreError) -> Usage.Total {
        let (column, value) = subject.column
        let total = try connection.first(
            """
            SELECT COUNT(*), SUM(prompt_tokens), SUM(completion_tokens), SUM(cost) FROM reservations
            WHERE \(column) = ?
            """,
            [value]
        ) { row in
            var total = Usage.Total()
            total.requests = row[0]
            total.promptTokens = row[1] ?? 0
            total.completionTokens = row[2] ?? 0
            total.estimatedTokens = total.tokens
            total.cost = row[3]
            return total
        }
        return total ?? Usage.Total()
    }

    /// Returns up to `limit` expired reservations.
    static func expired(
        at moment: Timestamp,
        limit: Int,
        _ connection: Connection
    ) throws(StoreError) -> [StoredReservation] {
        try connection.all(
            """
            SELECT \(columns) FROM reservations WHERE expires_at IS NOT NULL AND expires_at <= ?
            ORDER BY expires_at LIMIT ?
            """,
            [moment.microseconds, limit],
            read
        )
    }

    /// Deletes the reservations of turns that have ended.
    static func deleteOrphans(_ connection: Connection) throws(StoreError) {
        try connection.run(
            """
            DELETE FROM reservations WHERE expires_at IS NULL
                AND id NOT IN (SELECT id FROM runs WHERE status IN ('queued', 'running'))
            """
        )
    }

    private static func read(_ row: Row) throws(StoreError) -> StoredReservation {
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
