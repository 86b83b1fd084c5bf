import Contracts
import GRDB

/// The table `usage_batches` of recorded batches, so that a repeated batch is not counted twice.
enum UsageBatchRows {
    /// Inserts a batch id; returns `false` if it already exists.
    static func insert(
        _ id: Usage.Record.ID,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) -> Bool {
        try connection.run(
            "INSERT OR IGNORE INTO usage_batches (id, created_at) VALUES (?,?)",
            [id.description, moment.microseconds]
        )
        return connection.changeCount > 0
    }

    /// Deletes up to `limit` batch ids that were stored until a moment; returns the number of deleted rows.
    static func delete(storedUntil moment: Timestamp, limit: Int, _ connection: Connection) throws(StoreError) -> Int {
        try connection.run(
            "DELETE FROM usage_batches WHERE id IN (SELECT id FROM usage_batches WHERE created_at <= ? LIMIT ?)",
            [moment.microseconds, limit]
        )
        return connection.changeCount
    }
}
