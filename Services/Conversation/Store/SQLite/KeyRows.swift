import Contracts
import GRDB

/// The table `api_keys`; it contains digests of the secrets only.
enum KeyRows {
    private static let columns = """
        id, name, user, role, requests_per_minute, requests_per_hour, concurrent_runs, created_at, expires_at,
        last_used_at
        """

    static func insert(_ key: APIKey, digest: String, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT INTO api_keys (\(columns), digest) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            key.id.description, key.name, key.user, key.role.rawValue, key.limits.requestsPerMinute,
            key.limits.requestsPerHour, key.limits.concurrentRuns, key.createdAt.microseconds,
            key.expiresAt?.microseconds, key.lastUsedAt?.microseconds, digest,
        ])
    }

    /// Stores the properties of a key that can change.
    static func update(_ key: APIKey, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE api_keys SET name = ?, role = ?, requests_per_minute = ?, requests_per_hour = ?,
                    concurrent_runs = ?, expires_at = ? WHERE id = ?
                """
        )
        try statement.execute(arguments: [
            key.name, key.role.rawValue, key.limits.requestsPerMinute, key.limits.requestsPerHour,
            key.limits.concurrentRuns, key.expiresAt?.microseconds, key.id.description,
        ])
    }

    static func setLastUse(of id: APIKey.ID, at moment: Timestamp, in database: GRDB.Database) throws {
        let statement = try database.cachedStatement(sql: "UPDATE api_keys SET last_used_at = ? WHERE id = ?")
        try statement.execute(arguments: [moment.microseconds, id.description])
    }

    static func delete(_ id: APIKey.ID, in database: GRDB.Database) throws {
        try database.cachedStatement(sql: "DELETE FROM api_keys WHERE id = ?").execute(arguments: [id.description])
    }

    static func find(_ id: APIKey.ID, in database: GRDB.Database) throws -> APIKey? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM api_keys WHERE id = ?")
        return try Row.fetchOne(statement, arguments: [id.description]).map(read)
    }

    static func find(digest: String, in database: GRDB.Database) throws -> APIKey? {
        let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM api_keys WHERE digest = ?")
        return try Row.fetchOne(statement, arguments: [digest]).map(read)
    }

    /// Returns a page of the keys of a user, or of all users, newest first.
    static func list(user: String?, limit: Int, offset: Int, in database: GRDB.Database) throws -> Page<APIKey> {
        let condition = user == nil ? "" : "WHERE user = ?"
        let owner: [(any DatabaseValueConvertible)?] = user.map { [$0] } ?? []
        let sql = "SELECT \(columns) FROM api_keys \(condition) ORDER BY number DESC LIMIT ? OFFSET ?"
        let rows = try Row.fetchAll(
            database.cachedStatement(sql: sql),
            arguments: StatementArguments(owner + [limit, offset])
        )
        let total = try Int.fetchOne(
            database.cachedStatement(sql: "SELECT COUNT(*) FROM api_keys \(condition)"),
            arguments: StatementArguments(owner)
        )
        return Page(items: try rows.map(read), total: total ?? 0)
    }

    static func count(of user: String, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT COUNT(*) FROM api_keys WHERE user = ?")
        return try Int.fetchOne(statement, arguments: [user]) ?? 0
    }

    /// Returns the maximum number of concurrent runs of each key that has such a limit.
    static func runLimits(in database: GRDB.Database) throws -> [APIKey.ID: Int] {
        let sql = "SELECT id, concurrent_runs FROM api_keys WHERE concurrent_runs IS NOT NULL"
        return try Row.fetchAll(database, sql: sql).reduce(into: [:]) { limits, row in
            limits[try ColumnCoding.identifier(row[0])] = row[1]
        }
    }

    private static func read(_ row: Row) throws -> APIKey {
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
