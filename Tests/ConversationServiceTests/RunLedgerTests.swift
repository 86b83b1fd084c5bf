import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(1)))
struct RunLedgerTests {
    @Test func `an end that a full disk refuses is stored once there is room, also in a task that was cancelled`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let database = try Database.open(at: directory + "/store.sqlite")
            let feed = try await RunFeed.begun(in: database)
            let log = RunLog(database: database)
            let runs = LiveRuns(limit: 0)
            let ledger = RunLedger(database: database, log: log, runs: runs, tasks: RunTasks())
            try await database.write { try $0.execute(sql: "PRAGMA max_page_count = 1") }
            var draft = RunDraft(arrival: .now)
            draft.append(String(repeating: "long ", count: 4000))
            draft.status = .completed
            let finished = draft
            let task = Task { await ledger.finish(feed, draft: finished) }
            task.cancel()
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await database.read { try RunRows.find(feed.run.id, in: $0) }?.run.status == .running)
            try await database.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
            let answer = await task.value.answer
            #expect(answer?.content.text == finished.text)
            let stored = try #require(try await database.read { try RunRows.find(feed.run.id, in: $0) })
            #expect(stored.run.status == .completed)
            #expect(stored.run.assistantMessage == answer?.id)
            let end = try await feed.end()
            #expect(end.status == .completed)
        }
    }

    @Test func `what could not be stored is kept in its order`() async throws {
        try await withTemporaryDirectory { directory in
            let log = RunLog(database: try Database.open(at: directory + "/store.sqlite"))
            let run = Run.ID()
            let lines = (2...8).map { RunEventLine.text("\($0)", number: $0) }
            log.putBack([RunEventBatch(run: run, first: 2, lines: Array(lines[..<4]))])
            log.putBack([RunEventBatch(run: run, first: 6, lines: Array(lines[4...]))])
            let batch = try #require(log.take(run))
            #expect(batch.first == 2)
            #expect(batch.lines == lines)
        }
    }
}
