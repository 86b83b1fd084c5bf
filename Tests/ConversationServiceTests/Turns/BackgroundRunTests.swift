import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Runs that answer no message.
@Suite(.timeLimit(.minutes(5)))
struct BackgroundRunTests {
    private func title(of conversation: Conversation) -> BackgroundRuns.Request {
        BackgroundRuns.Request(
            conversation: conversation.id,
            purpose: "title",
            system: "Find a title.",
            prompt: "Hello"
        )
    }

    private func used(_ testbed: TurnTestbed) async throws -> Usage.Total {
        let report = Usage.Report(from: Day(number: Day(.now()).number - 1), to: Day(.now()), groups: [])
        let lines = try await testbed.store.base.usageReport(report, of: "alice", limit: 10)
        return lines.reduce(into: Usage.Total()) { $0 += $1.total }
    }

    @Test func `a background run returns the text, is stored and counts as usage, and adds no message`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                let text = try await testbed.turns.backgroundRuns.perform(title(of: conversation))
                #expect(text == "Hello.")
                #expect(testbed.inference.requests.map { $0.messages.map(\.text) } == [["Find a title.", "Hello"]])
                #expect(try await testbed.messages(of: conversation).count == 1)
                let runs = try await testbed.store.base.database.read { connection throws(StoreError) in
                    try connection.value("SELECT purpose || ' ' || status FROM runs", as: String.self)
                }
                #expect(runs == "title completed")
                #expect(try await used(testbed).completionTokens == 2)
            }
        }
    }

    @Test func `a background run waits for people's turns, and others wait for it`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                testbed.inference.play([.hang])
                for _ in 0..<2 {
                    _ = try await testbed.start("Hello", in: try await testbed.store.base.openConversation())
                }
                let conversation = try await testbed.store.base.openConversation()
                let last = try await testbed.start("Hello", in: conversation).run.id
                try await eventually("The turns") { testbed.inference.requests.count == 3 }
                async let title = testbed.turns.backgroundRuns.perform(title(of: conversation))
                try await Task.sleep(for: .milliseconds(500))
                #expect(testbed.inference.requests.count == 3)
                testbed.inference.play([.text("Title"), .finish])
                let cancel = Runs.Cancel(conversation: conversation.id, run: last)
                _ = try await testbed.handlers.cancel(cancel, TurnTestbed.context)
                #expect(try await title == "Title")
            }
        }
    }

    @Test func `a background run of a killed process is interrupted and not repeated`() async throws {
        try await withTemporaryDirectory { directory in
            try await leaveStarted(in: directory)
            try await waitForRelease(directory)
            try await TurnTestbed.with(directory) { testbed in
                try await eventually("The end") {
                    let status = try await testbed.store.base.database.read { connection throws(StoreError) in
                        try connection.value("SELECT status FROM runs", as: String.self)
                    }
                    return status == "interrupted"
                }
                #expect(testbed.inference.requests.isEmpty)
            }
        }
    }

    private func leaveStarted(in directory: String) async throws {
        let store = try await SQLiteStore.sample(in: directory)
        let conversation = try await store.openConversation()
        let run = BackgroundRun(run: Run.ID(), conversation: conversation.id, purpose: "title", moment: .now())
        try await store.startBackgroundRun(run).get()
    }
}
