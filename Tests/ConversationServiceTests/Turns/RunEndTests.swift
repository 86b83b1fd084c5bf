import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// No run stays in progress without somebody who stores its end.
@Suite(.timeLimit(.minutes(5)))
struct RunEndTests {
    private static let fault = Fault(.internal, "The database reported an error.")

    @Test func `an end that cannot be stored at first is stored later, with its answer and its usage`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.store.fail(.finishRun, with: Self.fault, times: 3)
                let run = try await testbed.start("Hello", in: conversation)
                let end = try await run.end()
                #expect(end.status == .interrupted && end.fault == Self.fault)
                await #expect(throws: Fault.self) {
                    _ = try await RunEventReader(store: testbed.store, liveRun: run).stream(after: 2).nextBatch()
                }
                try await eventually("The end") {
                    try await testbed.find(run.run.id, of: conversation).status == .completed
                }
                #expect(try await testbed.messages(of: conversation).last?.content.text == "Hello.")
                // The next turn has the late answer in its prompt.
                _ = try await testbed.start("Again", in: conversation).end()
                let asked = try #require(testbed.inference.requests.last)
                #expect(asked.messages.suffix(3).map(\.text) == ["Hello", "Hello.", "Again"])
            }
        }
    }

    @Test func `an end whose answer can never be stored is stored without it`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.store.fail(.finishRun, with: Self.fault, times: 6)
                let run = try await testbed.start("Hello", in: conversation)
                try await eventually("The end") {
                    try await testbed.find(run.run.id, of: conversation).status == .interrupted
                }
                #expect(try await testbed.messages(of: conversation).last?.role == .user)
            }
        }
    }

    @Test func `a turn whose start fails is started later by the same process`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play(each: [
                    [.pause(.milliseconds(200)), .text("a"), .finish], [.text("b"), .finish],
                ])
                testbed.store.fail(.finishRun, with: Self.fault, times: 1)
                testbed.store.fail(.beginRun, with: Self.fault, times: 2)
                _ = try await testbed.start("One", in: conversation)
                let second = try await testbed.start("Two", in: conversation)
                #expect(try await second.end().status == .queued)
                try await eventually("The second answer") {
                    try await testbed.find(second.run.id, of: conversation).status == .completed
                }
                #expect(testbed.store.count(.beginRun) >= 3)
                #expect(testbed.inference.requests.count == 2)
            }
        }
    }

    @Test func `a turn that waits for the next process can be stopped, and its reader learns that it waits`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play([.text("Well"), .hang])
                _ = try await testbed.start("One", in: conversation)
                try await eventually("The first question") { testbed.inference.requests.count == 1 }
                let second = try await testbed.start("Two", in: conversation)
                let stream = RunEventReader(store: testbed.store, liveRun: second).stream(after: 1)
                let draining = Task { try await testbed.turns.tasks.run() }
                draining.cancel()
                try await draining.value
                #expect(try await second.end().status == .queued)
                let fault = await #expect(throws: Fault.self) { _ = try await stream.nextBatch() }
                #expect(fault?.code == .unavailable)
                let cancel = Runs.Cancel(conversation: conversation.id, run: second.run.id)
                #expect(try await testbed.handlers.cancel(cancel, TurnTestbed.context).status == .stopped)
                #expect(testbed.inference.requests.count == 1)
            }
        }
    }

    @Test func `a quota that is set while a turn is being stored applies to the turn`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                testbed.inference.play([.hang])
                // The cache of limits does not know it.
                let quota = Quota(period: .day, requests: 1)
                _ = try await testbed.store.base.setQuota(
                    quota,
                    for: .user("alice"),
                    at: .now()
                ).get()
                _ = try await testbed.start("One", in: conversation)
                let other = try await testbed.store.base.openConversation()
                let fault = await #expect(throws: Fault.self) { _ = try await testbed.start("Two", in: other) }
                #expect(fault?.code == .quotaExceeded)
                #expect(testbed.store.count(.startTurn) == 4)
            }
        }
    }
}
