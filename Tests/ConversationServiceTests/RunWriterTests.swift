import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(5)))
struct RunWriterTests {
    @Test func `the end of a run is retried on a full disk, even in a cancelled task`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let liveRun = try await LiveRun.stored(in: database)
            let eventWriter = RunEventWriter(database: database)
            let runs = LiveRuns(limit: 0)
            let runWriter = RunWriter(database: database, eventWriter: eventWriter, runs: runs, tasks: RunTasks())
            try await database.write { try $0.execute(sql: "PRAGMA max_page_count = 1") }
            var state = RunState(arrival: .now)
            state.append(String(repeating: "long ", count: 4000))
            state.status = .completed
            let finished = state
            let task = Task { await runWriter.finish(liveRun, state: finished) }
            task.cancel()
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await database.read { try RunRows.find(liveRun.run.id, in: $0) }?.run.status == .running)
            try await database.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
            let answer = await task.value.answer
            #expect(answer?.content.text == finished.text)
            let stored = try #require(try await database.read { try RunRows.find(liveRun.run.id, in: $0) })
            #expect(stored.run.status == .completed)
            #expect(stored.run.assistantMessage == answer?.id)
            let end = try await liveRun.end()
            #expect(end.status == .completed)
        }
    }

    @Test func `events that could not be stored are queued again in order`() async throws {
        try await withTemporaryDirectory { directory in
            let eventWriter = RunEventWriter(database: try Database.open(at: directory + "/store.sqlite"))
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
