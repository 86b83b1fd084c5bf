import Bus
import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A file of version 6 is extended in place, completely or not at all.
@Suite(.timeLimit(.minutes(5)))
struct SchemaAdditionsTests {
    private static func withFile(_ body: (String, String) async throws -> Void) async throws {
        try await withTemporaryDirectory { folder in
            let directory = folder + "/data"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let path = directory + "/conversation.sqlite"
            try FormerFile.create(at: path, version: 6) { try $0.execute(sql: FormerFile.sixth()) }
            try await body(path, folder)
        }
    }

    /// Returns the tables with their columns, and the indexes.
    private static func schema(_ path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        let lines = try queue.read { database in
            #expect(try String.fetchAll(database, sql: "PRAGMA integrity_check") == ["ok"])
            #expect(try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").isEmpty)
            return try String.fetchAll(
                database,
                sql: """
                    SELECT 'table ' || name || ' ' || wr || strict FROM pragma_table_list
                        WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'
                    UNION ALL SELECT 'column ' || t.name || '.' || c.name || ' ' || c.cid || ' ' || c.type || ' '
                            || c."notnull" || c.pk || c.hidden || ' ' || COALESCE(c.dflt_value, 'none')
                        FROM pragma_table_list t JOIN pragma_table_xinfo(t.name) c
                        WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'
                    UNION ALL SELECT sql FROM sqlite_schema WHERE type != 'table' AND sql IS NOT NULL
                    UNION ALL SELECT 'version ' || user_version FROM pragma_user_version
                    UNION ALL SELECT 'application ' || application_id FROM pragma_application_id
                    ORDER BY 1
                    """
            )
        }
        try queue.close()
        return lines
    }

    @Test func `an extended file has the tables of a new one and all its rows`() async throws {
        try await Self.withFile { path, folder in
            let before = try FormerFile.rows(of: path)
            #expect(before["messages"]?.count == 3)
            try SchemaUpgrade(path: path).run()
            let new = folder + "/new.sqlite"
            let queue = try DatabaseQueue(path: new)
            try await queue.write { try Schema.create(in: $0) }
            try queue.close()
            #expect(try Self.schema(path) == Self.schema(new))
            let after = try FormerFile.rows(of: path)
            for (table, rows) in before where !["personas", "conversations"].contains(table) {
                #expect(after[table] == rows, "\(table)")
            }
            let statuses = ["'active','[]','messages'", "'unlisted','[]','messages'"]
            #expect(after["personas"] == before["personas"].map { zip($0, statuses).map { "\($0),\($1)" } })
            #expect(after["conversations"] == before["conversations"].map { $0.map { "\($0),NULL" } })
            #expect(after["memories"] == [])
            // Not an upgrade to a new file.
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/data")
            #expect(names.allSatisfy { !$0.contains("version") && !$0.contains("upgrade") }, "\(names)")
            try SchemaUpgrade(path: path).run()
            #expect(try FormerFile.rows(of: path) == after)
        }
    }

    @Test func `a kill before the commit leaves version 6, one after it the whole extension`() async throws {
        try await Self.withFile { path, folder in
            let before = try FormerFile.rows(of: path)
            var upgrade = SchemaUpgrade(path: path)
            var steps: [SchemaUpgrade.Step] = []
            upgrade.onStep = { step in
                // What a process that is killed now leaves.
                try FileManager.default.copyItem(atPath: folder + "/data", toPath: "\(folder)/\(step)")
                steps.append(step)
            }
            try upgrade.run()
            #expect(steps == [.additionsWritten, .additionsCommitted])
            let extended = try FormerFile.rows(of: path)
            for step in steps {
                let killed = "\(folder)/\(step)/conversation.sqlite"
                #expect(try FormerFile.rows(of: killed) == (step == .additionsWritten ? before : extended), "\(step)")
                try SchemaUpgrade(path: killed).run()
                #expect(try FormerFile.rows(of: killed) == extended, "\(step)")
                #expect(try Self.schema(killed) == Self.schema(path), "\(step)")
            }
        }
    }

    @Test func `a full disk leaves version 6`() async throws {
        try await Self.withFile { path, _ in
            let before = try FormerFile.rows(of: path)
            var upgrade = SchemaUpgrade(path: path)
            upgrade.onStep = { _ in throw DatabaseError(resultCode: .SQLITE_FULL) }
            let fault = #expect(throws: Fault.self) { try upgrade.run() }
            #expect(fault?.code == .full)
            #expect(try FormerFile.rows(of: path) == before)
            try SchemaUpgrade(path: path).run()
            #expect(try FormerFile.rows(of: path)["memories"] == [])
        }
    }

    @Test func `a file that another program writes is not extended`() async throws {
        try await Self.withFile { path, _ in
            let before = try FormerFile.rows(of: path)
            let other = try DatabaseQueue(path: path)
            var upgrade = SchemaUpgrade(path: path)
            upgrade.lockTimeout = 0.1
            let fault = try Self.fault(of: upgrade, during: other)
            #expect(fault?.code == .conflict)
            try other.close()
            #expect(try FormerFile.rows(of: path) == before)
            try SchemaUpgrade(path: path).run()
        }
    }

    /// Returns the fault of an upgrade while a transaction of another connection is open.
    private static func fault(of upgrade: SchemaUpgrade, during other: DatabaseQueue) throws -> Fault? {
        try other.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            defer { #expect(throws: Never.self) { try database.execute(sql: "ROLLBACK") } }
            return #expect(throws: Fault.self) { try upgrade.run() }
        }
    }

    @Test func `the service answers from an extended file`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.create(at: path, version: 6) { try $0.execute(sql: FormerFile.sixth()) }
            try await Fixture.with(directory) { fixture in
                let id = try #require(Conversation.ID("01a226ba-b50e-79d8-907a-3d22d1e1b021"))
                let maya = try await fixture.bus.call(Conversations.Find(id: id), fixture.context())
                #expect(maya.persona.status == .active && maya.persona.tools == [])
                #expect(try await fixture.messages(of: maya).map(\.content.text) == ["Hi!", "One", "uno"])
                fixture.inference.play([.text("due"), .finish])
                _ = try await fixture.send("Two", in: maya)
                #expect(fixture.inference.requests.last?.messages.first?.text.contains("Be friendly.") == true)
                #expect(try await fixture.messages(of: maya).count == 5)
            }
        }
    }
}
