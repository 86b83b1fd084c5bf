import Bus
import Contracts
import GRDB
import TestSupport
import Testing

/// A deleted conversation leaves no row in any table.
@Suite(.timeLimit(.minutes(5)))
struct DeletionTests {
    /// The tables that do not belong to a conversation.
    private static let others: Set<String> = [
        "personas", "owners", "counters", "api_keys", "usage", "usage_batches", "quotas", "set_aside",
    ]

    @Test func `deletion stops the runs and empties every table`() async throws {
        try await withTemporaryDirectory { directory in
            try await Fixture.with(directory) { fixture in
                try await fixture.setQuota(Quota(period: .day, requests: 100))
                let conversation = try await fixture.open()
                let first = try await fixture.turn("One", "uno", in: conversation)
                _ = try await fixture.send("Two", in: conversation, key: "k")
                _ = try await fixture.send("Eins", insteadOf: first.question, in: conversation)
                _ = try await fixture.send(nil, insteadOf: first.answer, in: conversation)
                fixture.inference.play([.text("So far"), .hang])
                let running = try await fixture.start("Three", in: conversation)
                _ = try await running.nextBatch()
                _ = try await fixture.start("Four", in: conversation)
                let before = try rows(in: directory)
                #expect(before["messages"] ?? 0 >= 9 && before["reservations"] == 2 && before["request_keys"] == 1)
                let deletion = Conversations.Delete(id: conversation.id)
                #expect(try await fixture.bus.call(deletion, fixture.context()).messageCount >= 9)
                try await fixture.expectFault(deletion, fixture.context(), .missing)
                try await eventually("The deletion of all rows") {
                    try rows(in: directory).values.allSatisfy { $0 == 0 }
                }
                #expect(try await fixture.quotaStatus().used.requests > 0)
            }
        }
    }

    /// The number of rows of each table that belongs to conversations.
    private func rows(in directory: String) throws -> [String: Int] {
        let queue = try DatabaseQueue(path: directory + "/conversation.sqlite")
        return try queue.read { database in
            let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            let names = try String.fetchAll(database, sql: sql).filter { !Self.others.contains($0) }
            return try Dictionary(
                uniqueKeysWithValues: names.map { name in
                    (name, try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM \(name)") ?? 0)
                }
            )
        }
    }
}
