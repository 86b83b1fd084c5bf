import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(5)))
struct StoreTests {
    @Test func `the writer uses synchronous=FULL, so commits survive a power failure`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let mode = try await database.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            #expect(mode == 2)
            let journal = try await database.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(journal == "wal")
        }
    }

    @Test func `the files are readable by their owner only`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.write { try $0.execute(sql: "CREATE TABLE numbers (number INTEGER PRIMARY KEY)") }
            for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "store.sqlite.lock"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(directory)/\(name)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
        }
    }

    @Test func `every foreign key has an index`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let unindexed = try await database.read { connection in
                try String.fetchAll(
                    connection,
                    sql: """
                        SELECT t.name || '.' || f."from" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
                        WHERE t.type = 'table' AND NOT EXISTS (
                            SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c
                            WHERE c.seqno = 0 AND c.name = f."from" AND i.partial = 0)
                        AND NOT EXISTS (
                            SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = f."from" AND c.pk = 1)
                        """
                )
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

    @Test func `listing conversations does not read their system prompts`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let instructions = String(repeating: "Be brief. ", count: 400_000)
            try await database.write { connection in
                let persona = BuiltInPersonas.assistant
                try PersonaRows.insert(persona, in: connection)
                for _ in 0..<3 {
                    let conversation = StoredConversation(
                        id: Conversation.ID(),
                        user: "alice",
                        persona: persona.persona.id,
                        createdAt: .now(),
                        updatedAt: .now(),
                        messageCount: 0
                    )
                    _ = try ConversationRows.insert(conversation, instructions: instructions, in: connection)
                }
            }
            let read = try await database.read { connection in
                let page = try ConversationRows.list(user: "alice", persona: nil, limit: 100, offset: 0, in: connection)
                let first = try #require(page.items.first)
                return (page.items, try ConversationRows.instructions(of: first.number, in: connection))
            }
            #expect(read.0.map(\.hasInstructions) == [true, true, true])
            #expect(read.1 == instructions)
            let texts = read.0.flatMap { Mirror(reflecting: $0).children.compactMap { $0.value as? String } }
            #expect(texts.allSatisfy { $0.utf8.count < 100 })
        }
    }

    @Test func `concurrent writes share commits, and each is stored`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.write { try $0.execute(sql: "CREATE TABLE numbers (number INTEGER PRIMARY KEY)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        try await database.write {
                            try $0.execute(sql: "INSERT INTO numbers VALUES (?)", arguments: [number])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let count = try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM numbers") }
            #expect(count == 500)
        }
    }

    @Test func `a failed write does not affect the other writes of its group`() async throws {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            try await database.write { try $0.execute(sql: "CREATE TABLE numbers (number INTEGER PRIMARY KEY)") }
            let failures = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do {
                            try await database.write { connection in
                                let value = number % 10 == 0 ? 0 : number
                                try connection.execute(sql: "INSERT INTO numbers VALUES (?)", arguments: [value])
                            }
                            return false
                        } catch {
                            return true
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let count = try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM numbers") }
            #expect(failures == 19)
            #expect(count == 181)
        }
    }

    @Test func `a database from before the import migration is read correctly`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/store.sqlite"
            do {
                let pool = try DatabasePool(path: path)
                try Schema.migrator.migrate(pool, upTo: "0003 keys, usage and quotas")
                try await pool.write { database in
                    try PersonaRows.insert(BuiltInPersonas.all[0], in: database)
                    try database.execute(
                        sql: """
                            INSERT INTO conversations VALUES (1, ?, 'ada', ?, 1, 2, 2, 1, 0);
                            INSERT INTO messages (conversation, position, id, role, kind, content, status, created_at)
                                VALUES (1, 0, ?, 'assistant', 'text', 'Hi', 'completed', 1);
                            """,
                        arguments: [
                            Conversation.ID().description, BuiltInPersonas.all[0].persona.id.description,
                            Message.ID().description,
                        ]
                    )
                }
                try pool.close()
            }
            let database = try Database.open(at: path)
            try await database.read { database in
                let page = try ConversationRows.list(user: "ada", persona: nil, limit: 10, offset: 0, in: database)
                #expect(page.items.map(\.messageCount) == [1] && page.items.map(\.hasInstructions) == [false])
                for isTruncated in [true, false] {
                    let messages = try PathRows.list(
                        of: 1,
                        positions: PathRows.allPositions,
                        limit: 10,
                        order: .ascending,
                        isTruncated: isTruncated,
                        in: database
                    )
                    #expect(messages.map(\.message.content.text) == ["Hi"])
                    #expect(messages.map(\.message.toolCalls) == [nil])
                }
            }
        }
    }

    @Test func `the schema is created once and opened again`() async throws {
        try await withTemporaryDirectory { directory in
            for _ in 0..<2 {
                try await waitForRelease(directory, file: "store.sqlite")
                let database = try Database.open(at: directory + "/store.sqlite")
                let check = try await database.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
                #expect(check == "ok")
            }
        }
    }
}
