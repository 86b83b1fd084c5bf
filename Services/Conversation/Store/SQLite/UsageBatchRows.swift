import Contracts
import GRDB

/// The table `usage_batches` of recorded batches, so that a repeated batch is not counted twice.
enum UsageBatchRows {
    /// How long a batch id is stored, in microseconds; gateways repeat a batch within seconds.
    static let lifetime: Int64 = 7 * 86_400_000_000

    /// Inserts a batch id; returns `false` if it already exists.
    static func insert(_ id: Usage.Record.ID, at moment: Timestamp, in database: GRDB.Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO usage_batches (id, created_at) VALUES (?,?)"
        )
        try statement.execute(arguments: [id.description, moment.microseconds])
        return database.changesCount > 0
    }

    /// Deletes up to `limit` expired batch ids; returns the number of deleted rows.
    static func deleteExpired(at moment: Timestamp, limit: Int, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM usage_batches WHERE id IN (SELECT id FROM usage_batches WHERE created_at <= ? LIMIT ?)"
        )
        try statement.execute(arguments: [moment.microseconds - lifetime, limit])
        return database.changesCount
    }
}
