import Contracts
import GRDB

/// A client's name for a request, and what was asked by it: the same name elsewhere is another key.
struct IdempotencyKey: Sendable, Hashable {
    var route: String
    var key: String
}

/// The table of request keys, which are kept for a day.
enum IdempotencyKeyRows {
    /// How long a key is remembered, in microseconds.
    static let lifetime: Int64 = 24 * 3600 * 1_000_000

    /// The run that a key stands for.
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

    /// Makes a key stand for a run.
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

    /// Forgets some of the keys that are too old; answers how many.
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
