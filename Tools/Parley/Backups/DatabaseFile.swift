import Foundation
import GRDB
import Glibc
import ServiceKit

/// A file of conversations, seen from outside.
struct DatabaseFile: Sendable {
    let path: String

    /// What it holds.
    struct Content: Equatable {
        var conversations: Int
        var messages: Int
    }

    /// The conversations of a data folder.
    static func live(in directory: String) -> DatabaseFile {
        DatabaseFile(path: directory + "/conversation.sqlite")
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Looks through all of it.
    ///
    /// Throws `InvalidSetting` when it is damaged, or is no file of conversations.
    func verify() throws -> Content {
        try withReader { database in
            let words = try String.fetchAll(database, sql: "PRAGMA integrity_check(1)")
            guard words == ["ok"] else {
                throw InvalidSetting("\(path) is damaged: \(words.first ?? "SQLite says nothing more").")
            }
            guard try database.tableExists("conversations"), try database.tableExists("messages") else {
                throw InvalidSetting("\(path) holds no conversations of Parley.")
            }
            let broken = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM pragma_foreign_key_check") ?? 0
            guard broken == 0 else {
                throw InvalidSetting("\(path) is damaged: \(broken) of its rows refer to rows that are not there.")
            }
            return Content(
                conversations: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM conversations") ?? 0,
                messages: try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM messages") ?? 0
            )
        }
    }

    /// Copies what is committed now to a new file, while others read and write on.
    ///
    /// The copy is on the disk when this returns. Throws `InvalidSetting` when it cannot be made.
    func copy(to target: String) throws {
        // Made beforehand, so that nobody else ever may read it.
        let descriptor = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw InvalidSetting("The file \(target) cannot be made: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        try withReader { try $0.execute(sql: "VACUUM INTO ?", arguments: [target]) }
        guard fsync(descriptor) == 0 else {
            throw InvalidSetting("The file \(target) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    /// Gives the file its name, for good.
    func rename(to target: String) throws {
        guard Glibc.rename(path, target) == 0 else {
            throw InvalidSetting("\(path) cannot be renamed to \(target): \(String(cString: strerror(errno))).")
        }
        let folder = open(URL(filePath: target).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        defer { close(folder) }
        // The name is there in any case; this brings it through a power cut.
        guard fsync(folder) == 0 else {
            throw InvalidSetting("The folder of \(target) cannot be written: \(String(cString: strerror(errno))).")
        }
    }

    private func withReader<Value>(_ body: (Database) throws -> Value) throws -> Value {
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
