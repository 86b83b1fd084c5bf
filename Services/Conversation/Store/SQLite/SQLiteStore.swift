import Contracts
import GRDB

/// The stores of conversation-svc in one SQLite file.
///
/// The verbs of each protocol are in an extension of their own; everything that is decided inside a commit is there, with
/// its SQL in the `…Rows` types.
struct SQLiteStore: Sendable {
    let database: Database
    /// The number of this process, which every write to a run carries.
    ///
    /// The lock of the file shows that the processes with other numbers have ended.
    let owner: Int64
    let now: @Sendable () -> Timestamp
    let memoryOwners = MemoryOwnerFilter()
    let signatures = SignatureCache()

    /// Opens the file, creating or upgrading it if necessary; see ``Database/open(at:walLimit:observer:)``.
    static func open(
        at path: String,
        walLimit: Int = Database.defaultWALLimit,
        now: @escaping @Sendable () -> Timestamp = { .now() },
        observer: (@Sendable (String) -> Void)? = nil
    ) async throws -> SQLiteStore {
        let database = try Database.open(at: path, walLimit: walLimit, observer: observer)
        let owner = try await database.write { connection throws(StoreError) in
            // Imports that an earlier process did not complete are deleted like conversations.
            try connection.run("UPDATE conversations SET state = 2 WHERE state != 0 AND state = 1")
            return try connection.insert("INSERT INTO owners (started_at) VALUES (?)", [now().microseconds])
        }
        let store = SQLiteStore(database: database, owner: owner, now: now)
        try await store.loadMemoryOwners()
        return store
    }
}
