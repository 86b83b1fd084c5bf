import Foundation
import GRDB

@testable import ConversationService

/// Files with the schemas of versions 1 to 6.
enum FormerFile {
    /// The schema of version 6, with rows.
    static func sixth() throws -> String { try text("version-6.sql") }

    /// The rows of a file that Parley wrote with schema version 5.
    static func sample() throws -> String { try text("version-5.sql") }

    /// The events that Parley read from that file before version 6: the number of the run and the line, for each event.
    static func sampleEvents() throws -> [Int64: [String]] {
        var events: [Int64: [String]] = [:]
        for line in try text("version-5-events.txt").split(separator: "\n") {
            guard let space = line.firstIndex(of: " "), let run = Int64(line[..<space]) else { continue }
            events[run, default: []].append(String(line[line.index(after: space)...]))
        }
        return events
    }

    private static func text(_ name: String) throws -> String {
        let tests = URL(filePath: #filePath).pathComponents.prefix { $0 != "ConversationServiceTests" }
        let path = NSString.path(withComponents: tests + ["FormerFiles", name])
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    /// Creates a file as a process leaves it that was killed: a part of its rows is in the write-ahead log only.
    ///
    /// For version 6, `write` creates the tables, too.
    static func create(at path: String, version: Int = 5, _ write: (GRDB.Database) throws -> Void) throws {
        let original = path + ".original"
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let queue = try DatabaseQueue(path: original, configuration: configuration)
        let migrator = FormerSchema.migrator
        if version < 6 { try migrator.migrate(queue, upTo: migrator.migrations[version - 1]) }
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
            try database.inTransaction {
                try write(database)
                return .commit
            }
        }
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: original + suffix, toPath: path + suffix)
        }
        try queue.close()
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: original + suffix) {
            try FileManager.default.removeItem(atPath: original + suffix)
        }
    }

    /// Returns all rows of all tables, as SQL literals.
    static func rows(of path: String) throws -> [String: [String]] {
        let queue = try DatabaseQueue(path: path)
        let rows = try queue.read { database in
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
            return try tables.reduce(into: [String: [String]]()) { rows, table in
                let columns = try database.columns(in: table).map { "quote(\($0.name))" }
                let line = columns.joined(separator: " || ',' || ")
                rows[table] = try String.fetchAll(database, sql: "SELECT \(line) FROM \(table) ORDER BY 1")
            }
        }
        try queue.close()
        return rows
    }
}
