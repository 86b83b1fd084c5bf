import Contracts
import GRDB

/// The table `request_keys` of idempotency keys and the results of their requests.
///
/// A key is valid until it is deleted, which happens a day after it was stored at the earliest; see ``Maintenance``. It
/// is not compared with the current time when it is looked up: a system clock that jumps by a day would make all keys
/// invalid at once, and repeated requests would be carried out twice.
enum RequestKeyRows {
    /// The scope of the requests to a conversation with a row number.
    static func scope(of conversation: Int64) -> String { "conversation \(conversation)" }

    /// Returns the result that is stored for a key.
    ///
    /// `scope` is the object or user that the request belongs to, such as `user alice`; see ``scope(of:)``.
    static func find(scope: String, _ key: IdempotencyKey, _ connection: Connection) throws(StoreError) -> String? {
        try connection.value(
            "SELECT result FROM request_keys WHERE scope = ? AND route = ? AND key = ?",
            [scope, key.route, key.key]
        )
    }

    /// Stores the result of a key, replacing an earlier one.
    static func set(
        scope: String,
        _ key: IdempotencyKey,
        to result: String,
        at moment: Timestamp,
        _ connection: Connection
    ) throws(StoreError) {
        try connection.run(
            "INSERT OR REPLACE INTO request_keys (scope, route, key, result, created_at) VALUES (?,?,?,?,?)",
            [scope, key.route, key.key, result, moment.microseconds]
        )
    }

    /// Deletes up to `limit` keys that were stored until a moment; returns the number of deleted rows.
    static func delete(storedUntil moment: Timestamp, limit: Int, _ connection: Connection) throws(StoreError) -> Int {
        try connection.run(
            """
            DELETE FROM request_keys WHERE (scope, route, key) IN
                (SELECT scope, route, key FROM request_keys WHERE created_at <= ? LIMIT ?)
            """,
            [moment.microseconds, limit]
        )
        return connection.changeCount
    }
}
