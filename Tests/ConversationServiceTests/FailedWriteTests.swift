import Contracts
import GRDB
import TestSupport
import Testing

/// Write failures that are not temporary: a turn is not started unless its start is stored, and no run stays in progress.
@Suite(.timeLimit(.minutes(1)))
struct FailedWriteTests {
    @Test func `a turn whose start cannot be stored calls no model and is answered later by the same process`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.open()
                fixture.inference.play([.text("a"), .pause(.milliseconds(400)), .finish])
                async let first = fixture.send("One", in: conversation)
                try await eventually("The first question") { fixture.inference.requests.count == 1 }
                async let second = fixture.send("Two", in: conversation)
                try await eventually("The second message") { try await fixture.messages(of: conversation).count == 3 }
                try refuseRuns(
                    in: directory,
                    "CREATE TRIGGER refusal BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'no'); END"
                )
                #expect(try await first.end.status == .interrupted)
                let waiting = try await second
                #expect(waiting.end.status == .queued)
                #expect(waiting.end.fault?.code == .unavailable)
                #expect(fixture.inference.requests.count == 1)
                try refuseRuns(in: directory, "DROP TRIGGER refusal")
                try await eventually("Both answers") { try await fixture.messages(of: conversation).count == 5 }
                let messages = try await fixture.messages(of: conversation)
                #expect(messages.map(\.status).suffix(4).allSatisfy { $0 == .completed })
                #expect(fixture.inference.requests.count == 2)
                let run = try await fixture.find(waiting.run, of: conversation)
                #expect(run.status == .completed)
            }
        }
    }

    private func refuseRuns(in directory: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: directory + "/conversation.sqlite")
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }
}
