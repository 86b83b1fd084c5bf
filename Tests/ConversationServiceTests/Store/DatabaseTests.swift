import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(5)))
struct DatabaseTests {
    @Test func `the writer uses synchronous=FULL, so commits survive a power failure`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let mode = try await database.write { connection throws(StoreError) in
                try connection.value("PRAGMA synchronous", as: Int.self)
            }
            #expect(mode == 2)
            let journal = try await database.write { connection throws(StoreError) in
                try connection.value("PRAGMA journal_mode", as: String.self)
            }
            #expect(journal == "wal")
        }
    }

    @Test func `the files are readable by their owner only`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.createNumbers()
            for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.sqlite.lock"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
        }
    }

    @Test func `every foreign key has an index`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let sql = """
                SELECT t.name || '.' || f."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
                WHERE t.type = 'table' AND NOT EXISTS (
                    SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c
                    WHERE c.seqno = 0 AND c.name = f."from")
                AND NOT EXISTS (
                    SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = f."from" AND c.pk = 1)
                """
            let unindexed = try await database.read { connection throws(StoreError) in
                try connection.all(sql) { $0[0] as String }
            }
            #expect(unindexed.isEmpty)
        }
    }

    @Test func `an invalid database file is reported with its path and a remedy`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/store.sqlite"
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            let fault = #expect(throws: Fault.self) { _ = try Database.open(at: path) }
            #expect(fault?.message.contains(path) == true)
            #expect(fault?.message.contains("parley restore") == true)
        }
    }

    @Test func `a second process cannot open the database until the first one has closed it`() async throws {
        try await withTemporaryDirectory { directory in
            var first = try Optional(Database.open(at: directory + "/store.sqlite"))
            do {
                _ = try Database.open(at: directory + "/store.sqlite")
                Issue.record("The file was opened twice.")
            } catch let fault as Fault {
                #expect(fault.code == .conflict)
            }
            #expect(first != nil)
            first = nil
            try await waitForRelease(directory, file: "store.sqlite")
            _ = try Database.open(at: directory + "/store.sqlite")
        }
    }

    @Test func `concurrent writes share commits, and each is stored`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.createNumbers()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        try await database.write { connection throws(StoreError) in
                            try connection.run("INSERT INTO numbers VALUES (?)", [number])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try await database.countNumbers()
            #expect(count == 500)
        }
    }

    @Test func `a failed write does not affect the other writes of its group`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.createNumbers()
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await database.write { connection throws(StoreError) in
                                let value = number % 10 == 0 ? 0 : number
                                try connection.run("INSERT INTO numbers VALUES (?)", [value])
                            }
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let count = try await database.countNumbers()
            #expect(failures == 19)
            #expect(count == 181)
        }
    }

    @Test func `the schema is created once and opened again`() async throws {
        try await withTemporaryDirectory { directory in
            for _ in 0..<2 {
                try await waitForRelease(directory, file: "store.sqlite")
                let database = try Database.open(at: directory + "/store.sqlite")
                let check = try await database.read { connection throws(StoreError) in
                    try connection.value("PRAGMA integrity_check", as: String.self)
                }
                #expect(check == "ok")
            }
        }
    }

    @Test func `a file of a newer version is rejected with both versions and stays unchanged`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/store.sqlite"
            do {
                let database = try DatabaseQueue(path: path)
                try await database.write { database in
                    try database.execute(sql: "CREATE TABLE later (number INTEGER); PRAGMA user_version = 77")
                }
                try database.close()
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let fault = #expect(throws: Fault.self) { _ = try Database.open(at: path) }
            #expect(fault?.message.contains("version 77") == true)
            #expect(fault?.message.contains("version \(SchemaVersion.current)") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test func `a read of a cancelled task ends as cancelled and not as a failure of the database`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let sql = """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000000) SELECT COUNT(*) FROM n
                """
            let reading = Task {
                try await database.read { connection throws(StoreError) in try connection.value(sql, as: Int.self) }
            }
            try await Task.sleep(for: .milliseconds(50))
            reading.cancel()
            await #expect(throws: CancellationError.self) { try await reading.value }
        }
    }
}
