import Contracts
import GRDB

/// The table of batches of usage that were taken in, so that none counts twice.
enum UsageBatchRows {
    /// How long a batch is remembered, in microseconds: a gateway that had no answer asks again within moments.
    static let lifetime: Int64 = 7 * 86_400_000_000

    /// Notes a batch; answers whether it is new.
    static func insert(_ id: Usage.Record.ID, at moment: Timestamp, in database: GRDB.Database) throws -> Bool {
        let statement = try database.cachedStatement(
            sql: "INSERT OR IGNORE INTO usage_batches (id, created_at) VALUES (?,?)"
        )
        try statement.execute(arguments: [id.description, moment.microseconds])
        return database.changesCount > 0
    }

    /// Forgets some of the batches that are too old; answers how many.
    static func deleteExpired(at moment: Timestamp, limit: Int, in database: GRDB.Database) throws -> Int {
        let statement = try database.cachedStatement(
            sql: "DELETE FROM usage_batches WHERE id IN (SELECT id FROM usage_batches WHERE created_at <= ? LIMIT ?)"
        )
        try statement.execute(arguments: [moment.microseconds - lifetime, limit])
        return database.changesCount
    }
}
