import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A file of version 6 is extended in place and then has the same tables as a new one.
@Suite(.timeLimit(.minutes(5)))
struct SchemaAdditionsTests {
    private static func create(at path: String) throws {
        let tests = URL(filePath: #filePath).pathComponents.prefix { $0 != "ConversationServiceTests" }
        let schema = NSString.path(withComponents: tests + ["FormerFiles", "version-6-schema.sql"])
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: String(contentsOfFile: schema, encoding: .utf8))
            // A user persona and the hidden one of imported conversations.
            for (number, isActive) in [(1, 1), (0, 0)] {
                try database.execute(
                    sql: "INSERT INTO personas VALUES (?,?,'','','','','','{}','','[]',?,1,1)",
                    arguments: ["\(Persona.BuiltIn.id(number))", "name \(number)", isActive]
                )
            }
            let conversation = "INSERT INTO conversations VALUES (1,?,'alice',?,0,1,1,1,1,0,1,0,0,0)"
            let arguments: StatementArguments = ["\(Conversation.ID())", "\(Persona.BuiltIn.id(1))"]
            try database.execute(sql: conversation, arguments: arguments)
            try database.execute(sql: "INSERT INTO paths VALUES (1, 1, NULL, 0, 0)")
        }
        try queue.close()
    }

    /// The tables with their columns, and the indexes, of a file.
    private static func schema(of path: String) throws -> Set<String> {
        let queue = try DatabaseQueue(path: path)
        let schema = try queue.read { database in
            let objects = try Row.fetchAll(
                database,
                sql: "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
            )
            return try Set(
                objects.map { row in
                    let (type, name, sql): (String, String, String) = (row[0], row[1], row[2])
                    guard type == "table" else { return sql }
                    let columns = try Row.fetchAll(database, sql: "PRAGMA table_xinfo(\(name))").map { "\($0)" }
                    return "\(name): \(columns)"
                }
            )
        }
        try queue.close()
        return schema
    }

    @Test func `an extended file has the schema of a new one, and its rows`() async throws {
        try await withTemporaryDirectory { directory in
            let (former, new) = (directory + "/former.sqlite", directory + "/new.sqlite")
            try Self.create(at: former)
            do {
                let store = try await SQLiteStore.open(at: former)
                let list = Conversations.List(persona: nil, limit: 10, offset: 0)
                #expect(try await store.listConversations(list, of: "alice").get().items.count == 1)
                #expect(try await store.listPersonas(limit: 10, offset: 0).items.map(\.name) == ["name 1"])
                #expect(!store.mayHaveMemories)
                try await store.add("I have a dog")
                #expect(try await store.search("dog") == ["I have a dog"])
                _ = try await SQLiteStore.open(at: new)
            }
            for name in ["former.sqlite", "new.sqlite"] { try await waitForRelease(directory, file: name) }
            #expect(try Self.schema(of: former) == Self.schema(of: new))
            let store = try await SQLiteStore.open(at: former)
            #expect(try await store.texts() == ["I have a dog"])
        }
    }
}
