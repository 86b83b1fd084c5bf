import Contracts
import GRDB

/// The table `api_keys`; it contains digests of the secrets only.
enum KeyRows {
    private static let columns = """
        id, name, user, role, requests_per_minute, requests_per_hour, concurrent_runs, created_at, expires_at,
        last_used_at
        """

    static func insert(_ key: APIKey, digest: String, _ connection: Connection) throws(StoreError) {
        try connection.run(
            "INSERT INTO api_keys (\(columns), digest) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                key.id.description, key.name, key.user, key.role.rawValue, key.limits.requestsPerMinute,
                key.limits.requestsPerHour, key.limits.concurrentRuns, key.createdAt.microseconds,
                key.expiresAt?.microseconds, key.lastUsedAt?.microseconds, digest,
            ]
        )
    }

    /// Stores the properties of a key that can change.
    static func update(_ key: APIKey, _ connection: Connection) throws(StoreError) {
        try connection.run(
            """
            UPDATE api_keys SET name = ?, role = ?, requests_per_minute = ?, requests_per_hour = ?,
                concurrent_runs = ?, expires_at = ? WHERE id = ?
            """,
            [
                key.name, key.role.rawValue, key.limits.requestsPerMinute, key.limits.requestsPerHour,
                key.limits.concurrentRuns, key.expiresAt?.microseconds, key.id.description,
            ]
        )
    }

    static func setLastUse(of id: APIKey.ID, at moment: Timestamp, _ connection: Connection) throws(StoreError) {
        try connection.run(
            "UPDATE api_keys SET last_used_at = ? WHERE id = ?",
            [moment.microseconds, id.description]
        )
    }

    static func delete(_ id: APIKey.ID, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM api_keys WHERE id = ?", [id.description])
    }

    static func find(_ id: APIKey.ID, _ connection: Connection) throws(StoreError) -> APIKey? {
        try connection.first("SELECT \(columns) FROM api_keys WHERE id = ?", [id.description], read)
    }

    static func find(digest: String, _ connection: Connection) throws(StoreError) -> APIKey? {
        try connection.first("SELECT \(columns) FROM api_keys WHERE digest = ?", [digest], read)
    }

    static func digest(of id: APIKey.ID, _ connection: Connection) throws(StoreError) -> String? {
        try connection.value("SELECT digest FROM api_keys WHERE id = ?", [id.description])
    }

    /// Returns a page of the keys of a user, or of all users, newest first.
    static func list(
        user: String?,
        limit: Int,
        offset: Int,
        _ connection: Connection
    ) throws(StoreError) -> Page<APIKey> {
        let condition = user == nil ? "" : " WHERE user = ?"
        let owner: [(any DatabaseValueConvertible)?] = user.map { [$0] } ?? []
        let keys = try connection.all(
            "SELECT \(columns) FROM api_keys\(condition) ORDER BY number DESC LIMIT ? OFFSET ?",
            StatementArguments(owner + [limit, offset]),
            read
        )
        let total = try connection.value(
            "SELECT COUNT(*) FROM api_keys\(condition)",
            StatementArguments(owner),
            as: Int.self
        )
        return Page(items: keys, total: total ?? 0)
    }

    static func count(of user: String, _ connection: Connection) throws(StoreError) -> Int {
        try connection.value("SELECT COUNT(*) FROM api_keys WHERE user = ?", [user]) ?? 0
    }

    /// Returns the maximum number of concurrent runs of each key that has such a limit.
    static func runLimits(_ connection: Connection) throws(StoreError) -> [APIKey.ID: Int] {
        var limits: [APIKey.ID: Int] = [:]
        try connection.each("SELECT id, concurrent_runs FROM api_keys WHERE concurrent_runs IS NOT NULL") {
            row throws(StoreError) in
            limits[try ColumnCoding.identifier(row[0])] = row[1]
            return true
        }
        return limits
    }

    private static func read(_ row: Row) throws(StoreError) -> APIKey {
        let (expiresAt, lastUsedAt): (Int64?, Int64?) = (row[8], row[9])
        return APIKey(
            id: try ColumnCoding.identifier(row[0]),
            name: row[1],
            user: row[2],
            role: try ColumnCoding.enumValue(row[3]),
            limits: APIKey.Limits(requestsPerMinute: row[4], requestsPerHour: row[5], concurrentRuns: row[6]),
            createdAt: Timestamp(microseconds: row[7]),
            expiresAt: expiresAt.map(Timestamp.init(microseconds:)),
            lastUsedAt: lastUsedAt.map(Timestamp.init(microseconds:))
        )
    }
}
