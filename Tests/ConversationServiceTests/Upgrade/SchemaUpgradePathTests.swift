import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// The paths of upgraded conversations are those that Parley followed before the upgrade.
@Suite(.timeLimit(.minutes(2)))
struct SchemaUpgradePathTests {
    @Test(arguments: 1...20)
    func `messages have the same ancestors, and selecting one continues as before`(seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/conversation.sqlite"
            var generator = SeededGenerator(seed: seed)
            var (number, conversations): (Int64, [Int64: FormerConversation]) = (0, [:])
            for conversation in 1...20 {
                let steps = Int.random(in: 0...60, using: &generator)
                conversations[Int64(conversation * 3)] = .random(from: &number, steps: steps, using: &generator)
            }
            try FormerFile.create(at: path) { database in
                for (conversation, former) in conversations.sorted(by: { $0.key < $1.key }) {
                    try former.store(as: conversation, in: database)
                }
            }
            try SchemaUpgrade(path: path).run()
            let queue = try DatabaseQueue(path: path)
            for (conversation, former) in conversations {
                try queue.read { try Self.compare(former, UpgradedPaths(of: conversation, in: $0), seed) }
            }
        }
    }

    private static func compare(_ former: FormerConversation, _ upgraded: UpgradedPaths, _ seed: UInt64) throws {
        #expect(upgraded.messages(of: upgraded.selected) == former.path)
        #expect(upgraded.pathCount == upgraded.count)
        #expect(upgraded.isOrdered)
        #expect(upgraded.homes.keys.sorted() == former.items.keys.sorted())
        for (message, home) in upgraded.homes {
            let path = upgraded.messages(of: home)
            let end = try #require(path.firstIndex(of: message), "message \(message) of seed \(seed)")
            #expect(Array(path[...end]) == former.ancestors(of: message), "message \(message) of seed \(seed)")
            var selecting = former
            selecting.select(message)
            #expect(upgraded.selection(of: message) == selecting.path, "message \(message) of seed \(seed)")
        }
    }
}
