import Contracts
import GRDB

/// A client's idempotency key with its scope; the same key in another scope is a different key.
struct IdempotencyKey: Sendable, Hashable {
    var route: String
    var key: String
}

/// The table `request_keys` of idempotency keys, which expire after a day.
enum IdempotencyKeyRows {
    /// How long a key is stored, in microseconds.
    static let lifetime: Int64 = 24 * 3600 * 1_000_000

    /// Returns the run of a key that has not expired.
    static func find(
        _ key: IdempotencyKey,
        of conversation: Int64,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws -> Run.ID? {
        let statement = try database.cachedStatement(
            sql: "SELECT run FROM request_keys WHERE conversation = ? AND route = ? AND key = ? AND created_at > ?"
        )
        let oldest = moment.microseconds - lifetime
        return try String.fetchOne(statement, arguments: [conversation, key.route, key.key, oldest])
            .map(ColumnCoding.identifier)
    }

    /// Stores the run of a key, replacing an earlier one.
    static func set(
        _ key: IdempotencyKey,
        of conversation: Int64,
        to run: Run.ID,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO request_keys (conversation, route, key, run, created_at) VALUES (?,?,?,?,?)"
        )
        try statement.execute(arguments: [
            conversation, key.route, key.key, run.description, moment.microseconds,
        ])
    }

    /// Deletes up to `limit` expired keys; returns the number of deleted rows.
    static func deleteExpired(at moment: Timestamp, limit: Int, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: """
                DELETE FROM request_keys WHERE (conversation, route, key) IN
                    (SELECT conversation, route, key FROM request_keys WHERE created_at <= ? LIMIT ?)
                """
        )
        try statement.execute(arguments: [moment.microseconds - lifetime, limit])
        return database.changesCount
    }
}
