import Contracts
import GRDB

/// The table `memory_owners`: the users with memories, and the number of each one's memories.
///
/// The owner of cleared memories has no user until its rows are deleted.
enum MemoryOwnerRows {
    struct Owner {
        var number: Int64
        var memoryCount: Int
    }

    static func find(_ user: String, _ connection: Connection) throws(StoreError) -> Owner? {
        try connection.first("SELECT number, memory_count FROM memory_owners WHERE user = ?", [user]) { row in
            Owner(number: row[0], memoryCount: row[1])
        }
    }

    /// Returns the owner of a user, creating it if necessary.
    static func take(_ user: String, _ connection: Connection) throws(StoreError) -> Owner {
        if let owner = try find(user, connection) { return owner }
        let number = try connection.insert("INSERT INTO memory_owners (user, memory_count) VALUES (?, 0)", [user])
        return Owner(number: number, memoryCount: 0)
    }

    /// Adds to the number of memories; an owner without memories is deleted.
    static func add(_ count: Int, to owner: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE memory_owners SET memory_count = memory_count + ? WHERE number = ?", [count, owner])
        try connection.run("DELETE FROM memory_owners WHERE number = ? AND memory_count = 0", [owner])
    }

    /// Takes a user's memories away; their rows are deleted later.
    static func release(_ owner: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("UPDATE memory_owners SET user = NULL WHERE number = ?", [owner])
    }

    static func firstReleased(_ connection: Connection) throws(StoreError) -> Int64? {
        try connection.value("SELECT number FROM memory_owners WHERE user IS NULL LIMIT 1")
    }

    static func delete(_ owner: Int64, _ connection: Connection) throws(StoreError) {
        try connection.run("DELETE FROM memory_owners WHERE number = ?", [owner])
    }

    /// Calls `body` with each user that has memories.
    static func eachUser(_ connection: Connection, _ body: (String) -> Void) throws(StoreError) {
        try connection.each("SELECT user FROM memory_owners WHERE user IS NOT NULL") { row throws(StoreError) in
            body(row[0])
            return true
        }
    }
}
