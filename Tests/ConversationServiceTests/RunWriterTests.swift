import Contracts
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(1)))
struct RunWriterTests {
    @Test func `the end of a run is retried on a full disk, even in a cancelled task`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try await SQLiteStore.sample(in: directory)
            let conversation = try await store.openConversation()
            let liveRun = try await store.startTurn(in: conversation)
            let runWriter = RunWriter.sample(store)
            try await store.database.write { connection throws(StoreError) in
                _ = try connection.value("PRAGMA max_page_count = 1") as Int?
            }
            var state = RunState(arrival: .now)
            state.append(String(repeating: "long ", count: 4000))
            state.status = .completed
            let finished = state
            let task = Task { await runWriter.finish(liveRun, state: finished) }
            task.cancel()
            try await Task.sleep(for: .milliseconds(300))
            let alice = Principal(user: "alice")
            let before = try await store.findRun(liveRun.run.id, in: conversation.id, of: alice).get()
            #expect(before.status == .running)
            try await store.database.write { connection throws(StoreError) in
                _ = try connection.value("PRAGMA max_page_count = 1000000") as Int?
            }
            let answer = await task.value.messages.last
            #expect(answer?.content.text == finished.step.text)
            let stored = try await store.findRun(liveRun.run.id, in: conversation.id, of: alice).get()
            #expect(stored.status == .completed)
            #expect(stored.assistantMessage == answer?.id)
            let end = try await liveRun.end()
            #expect(end.status == .completed)
        }
    }

    @Test func `events that could not be stored are queued again in order`() async throws {
        try await withTemporaryDirectory { directory in
            let eventWriter = RunEventWriter(store: try await SQLiteStore.sample(in: directory))
            let run = Run.ID()
            let lines = (2...8).map { RunEventJSON.text("\($0)", number: $0) }
            eventWriter.requeue([RunEventBatch(run: run, first: 2, lines: Array(lines[..<4]))])
            eventWriter.requeue([RunEventBatch(run: run, first: 6, lines: Array(lines[4...]))])
            let batch = try #require(eventWriter.takePending(run))
            #expect(batch.first == 2)
            #expect(batch.lines == lines)
        }
    }
}
