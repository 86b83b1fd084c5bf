import Foundation
import GRDB
import Glibc
import ServiceKit

/// A database file with conversations.
struct DatabaseFile: Sendable {
    let path: String

    struct Content: Equatable {
        var conversations: Int
        var messages: Int
    }

    /// The conversations in a data folder.
    static func live(in directory: String) -> DatabaseFile {
        DatabaseFile(path: directory + "/conversation.sqlite")
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Size in bytes; `nil` if the file does not exist.
    var size: UInt64? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { file.closeFile() }
        return file.seekToEndOfFile()
    }

    /// Checks the whole file and returns what it contains.
    ///
    /// Throws `InvalidSetting` if it is damaged, contains no conversations, or was written by a newer Parley.
    func verify() throws -> Content {
        try withReader { database in
            try checkVersion(database)
            let result = try String.fetchAll(database, sql: "PRAGMA integrity_check(1)")
            guard result == ["ok"] else {
                throw InvalidSetting("\(path) is damaged: \(result.first ?? "SQLite gives no reason").")
            }
            guard try database.tableExists("conversations"), try database.tableExists("messages") else {
                throw InvalidSetting("\(path) is not a database of Parley's conversations.")
            }
            let broken = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM pragma_foreign_key_check") ?? 0
            guard broken == 0 else {
                throw InvalidSetting("\(path) is damaged: \(broken) rows refer to missing rows.")
            }
            return Content(
                conversations: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM conversations") ?? 0,
                messages: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM messages") ?? 0
            )
        }
    }

    /// Copies all committed data to a new file, while other processes read and write.
    ///
    /// The copy is on the disk when this returns. Throws `InvalidSetting` if it cannot be written.
    func copy(to target: String) throws {
        // Created first, so that only the owner can ever read it.
        let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw InvalidSetting("The file \(target) cannot be created: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        try withReader { try $0.execute(sql: "VACUUM INTO ?", arguments: [target]) }
        guard fsync(descriptor) == 0 else {
            throw InvalidSetting("The file \(target) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    /// Merges the write-ahead log into the database file, if the database is not damaged.
    func mergeLog() {
        do {
            var configuration = Configuration()
            // Only a reader can be in the way, because the caller holds the lock of conversation-svc.
            configuration.busyMode = .timeout(0.5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            try queue.close()
        } catch {
            // A damaged database is put aside together with its log.
        }
    }

    func withReader<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).inDatabase(body)
        } catch let error as DatabaseError {
            throw InvalidSetting("\(path) cannot be read: \(error.message ?? "SQLite error \(error.resultCode)").")
        }
    }
}
