import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// What cannot be resolved does not stop an upgrade.
@Suite(.timeLimit(.minutes(5)))
struct SchemaUpgradeDamageTests {
    @Test func `rows that refer to missing ones are copied and recorded`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            try FormerFile.create(at: path) { database in
                try database.execute(sql: FormerFile.sample())
                try database.execute(
                    sql: """
                        UPDATE messages SET parent = 'gone' WHERE number IN (4, 13);
                        UPDATE messages SET parent = (SELECT id FROM messages WHERE number = 19) WHERE number = 18;
                        UPDATE messages SET parent = (SELECT id FROM messages WHERE number = 26) WHERE number = 9;
                        UPDATE runs SET answer = 1000 WHERE number = 2;
                        UPDATE runs SET message = 2000 WHERE number = 5;
                        """
                )
            }
            let before = try FormerFile.rows(of: path)
            try SchemaUpgrade(path: path).run()
            let after = try FormerFile.rows(of: path)
            for table in ["messages", "runs", "conversations"] { #expect(after[table]?.count == before[table]?.count) }
            let aside = try DatabaseQueue(path: path).read {
                try String.fetchAll($0, sql: "SELECT kind || ' ' || number FROM set_aside ORDER BY kind, number")
            }
            #expect(aside == ["message 4", "message 9", "message 13", "message 18", "run 2", "run 5"])
            try DatabaseQueue(path: path).read { database in
                for conversation: Int64 in 1...3 {
                    let paths = try UpgradedPaths(of: conversation, in: database)
                    #expect(paths.isOrdered)
                    for (message, home) in paths.homes { #expect(paths.messages(of: home).contains(message)) }
                }
                let answer = try Int64?.fetchOne(database, sql: "SELECT answer FROM runs WHERE number = 2") ?? nil
                #expect(answer == nil)
            }
        }
    }

    @Test func `an unfinished regeneration can return to the previous answer and what followed it`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            var former = FormerConversation()
            former.load(["assistant"], from: 1)
            former.send(2)
            former.finish(withAnswer: 3)
            former.send(4)
            former.finish(withAnswer: 5)
            former.regenerate(2)
            former.regenerate(2)
            try FormerFile.create(at: path) { try former.store(as: 1, in: $0) }
            try SchemaUpgrade(path: path).run()
            try DatabaseQueue(path: path).read { database in
                let paths = try UpgradedPaths(of: 1, in: database)
                #expect(paths.messages(of: paths.selected) == [1, 2])
                let runs = try Row.fetchAll(database, sql: "SELECT path, replaces FROM runs ORDER BY number")
                let (first, second): (Int64, Int64) = (runs[0][0], runs[1][0])
                #expect(paths.selected == second)
                #expect(runs[1][1] == first)
                #expect(paths.messages(of: first) == [1, 2])
                #expect(paths.messages(of: runs[0][1]) == [1, 2, 3, 4, 5])
                #expect(paths.pathCount == 4)
            }
        }
    }
}
