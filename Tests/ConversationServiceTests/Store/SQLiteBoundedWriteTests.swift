import Contracts
import Foundation
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// No commit depends on the size of a conversation.
@Suite(.timeLimit(.minutes(5)))
struct SQLiteBoundedWriteTests {
    private static let count = 3000

    /// Imports a conversation of long messages.
    private func withLargeConversation(
        _ body: (SQLiteStore, TestConversations, ImportedConversation) async throws -> Void
    ) async throws {
        try await withSQLiteStore { store in
            let test = try await TestConversations(store)
            let messages = (0..<Self.count).map { number in
                Inference.Message(
                    role: number.isMultiple(of: 2) ? .user : .assistant,
                    content: "\(number) " + String(repeating: "x", count: 3000)
                )
            }
            let imported = try ImportedConversation(.sample(messages), at: test.next())
            _ = try await store.importConversation(imported, of: test.ada).get()
            try await body(store, test, imported)
        }
    }

    /// Returns the number of rows that were changed so far, and the number of page writes to the log.
    private func changes(of store: SQLiteStore) async throws -> Int {
        try await store.database.write { connection throws(StoreError) in
            try connection.value("SELECT total_changes()") ?? 0
        }
    }

    @Test func `an edit, a regeneration and a selection change a few rows of a long conversation`() async throws {
        try await withLargeConversation { store, test, imported in
            let id = imported.id
            let first = imported.messages[0].message
            for cause in [StartTurn.Cause.edit(first.id, Message.Content(text: "New")), .regenerate(first.id)] {
                let before = try await changes(of: store)
                let turn = try await test.turn(cause, "Answer", in: id)
                #expect(try await changes(of: store) - before < 40)
                let selected = try await changes(of: store)
                try await test.select(first.id, in: id)
                try await test.select(imported.messages[Self.count - 1].message.id, in: id)
                try await test.select(turn.question.id, in: id)
                #expect(try await changes(of: store) - selected < 20)
            }
        }
    }

    @Test func `a deletion changes one row at once and a bounded number per commit later`() async throws {
        try await withLargeConversation { store, test, imported in
            let before = try await changes(of: store)
            _ = try await store.deleteConversation(imported.id, of: test.ada).get()
            #expect(try await changes(of: store) - before < 10)
            var (last, jobs) = (try await changes(of: store), 0)
            while try await store.purgeConversations() {
                let now = try await changes(of: store)
                #expect(now - last < 2000)
                (last, jobs) = (now, jobs + 1)
            }
            #expect(jobs >= Self.count / 200)
        }
    }

    @Test func `nothing of a deleted conversation is left in any table`() async throws {
        try await withSQLiteStore { store in
            let test = try await TestConversations(store)
            let before = try await rows(of: store)
            let id = try await test.open(another: true).conversation.id
            let first = try await test.turn("One", "uno", in: id)
            try await test.turn(.edit(first.question.id, Message.Content(text: "One?")), "eins", in: id)
            try await test.turn(.regenerate(first.question.id), nil, in: id)
            let key = IdempotencyKey(route: "send", key: "k")
            let cause = StartTurn.Cause.message(Message.Content(text: "Keyed"))
            let run = Run.sample(in: id, at: test.next())
            _ = try await store.startTurn(
                StartTurn(conversation: id, cause: cause, run: run, key: key, principal: test.ada)
            )
            try await store.appendEvents([
                RunEventBatch(run: run.id, first: 2, lines: [RunEventJSON.event(.init(number: 2, text: "x"))])
            ])
            let title = BackgroundRun(run: Run.ID(), conversation: id, purpose: "title", moment: test.next())
            try await store.startBackgroundRun(title).get()
            let imported = try ImportedConversation(.sample([.init(role: .user, content: "x")]), at: test.next())
            _ = try await store.importConversation(imported, of: test.ada).get()
            for conversation in [id, imported.id] {
                _ = try await store.deleteConversation(conversation, of: test.ada).get()
            }
            while try await store.purgeConversations() {}
            #expect(try await rows(of: store) == before)
        }
    }

    /// Returns the number of rows of each table that can have rows of conversations.
    private func rows(of store: SQLiteStore) async throws -> [String: Int] {
        try await store.database.read { connection throws(StoreError) in
            let names: [String] = try connection.all("SELECT name FROM sqlite_schema WHERE type = 'table'") { $0[0] }
            var counts: [String: Int] = [:]
            // Counters keep their rows; usage is kept for accounting.
            for name in names where !["counters", "usage"].contains(name) {
                counts[name] = try connection.value("SELECT COUNT(*) FROM \(name)") ?? 0
            }
            return counts
        }
    }
}
