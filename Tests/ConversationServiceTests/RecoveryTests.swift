import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

@Suite(.timeLimit(.minutes(5)))
struct RecoveryTests {
    @Test func `generated text is stored while the run is in progress`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("So "), .text("far"), .hang])
            let stream = try await fixture.start("Hello", in: conversation)
            _ = try await stream.nextBatch()
            let reader = try DatabaseQueue(path: fixture.directory + "/conversation.sqlite")
            try await eventually("The text on the disk") {
                let lines = try await reader.read {
                    try String.fetchAll($0, sql: "SELECT CAST(lines AS TEXT) FROM run_events")
                }
                return lines.joined().contains("far")
            }
        }
    }

    @Test func `a started run of an earlier process is interrupted and keeps its text`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, run) = try await leaveRunGoing(in: directory)
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                try await eventually("The run's end") {
                    try await fixture.find(run, of: conversation).status == .interrupted
                }
                let found = try await fixture.find(run, of: conversation)
                let messages = try await fixture.messages(of: conversation)
                #expect(messages.suffix(2).map(\.content.text) == ["Hello", "So far"])
                #expect(messages.last?.status == .interrupted)
                let follow = Runs.Follow(conversation: conversation.id, run: run, after: 2)
                var events: [Run.Event] = []
                for try await event in try await fixture.bus.stream(follow, fixture.context()) { events.append(event) }
                let end = try #require(events.last)
                #expect(end.end?.assistantMessage == messages.last)
                #expect(end.number == found.lastEvent)
                #expect(end.number > 1000)
                let turn = try await fixture.send("Again", in: conversation)
                #expect(turn.end.status == .completed)
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                let messages = try await fixture.messages(of: conversation)
                #expect(messages.count == 5)
            }
        }
    }

    @Test func `a queued run of an earlier process is started once`() async throws {
        try await withTemporaryDirectory { directory in
            let (conversation, run) = try await leaveRunGoing(in: directory)
            try await waitForRelease(directory)
            let second = try await addWaiting("Second", to: conversation, in: directory)
            try await waitForRelease(directory)
            let third = try await addWaiting("Third", to: conversation, in: directory)
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                for id in [run, second, third] {
                    try await eventually("The run's end") {
                        try await fixture.find(id, of: conversation).status.isFinal
                    }
                }
                var statuses: [Run.Status] = []
                for id in [run, second, third] { statuses.append(try await fixture.find(id, of: conversation).status) }
                #expect(statuses == [.interrupted, .completed, .completed])
                let asked = fixture.inference.requests.map { $0.messages.last?.text }
                #expect(asked == ["Second", "Third"])
                #expect(
                    fixture.inference.requests.first?.messages.suffix(3).map(\.text) == ["Hello", "So far", "Second"]
                )
                let said = try await fixture.messages(of: conversation).dropFirst()
                #expect(said.map(\.role) == [.user, .assistant, .user, .assistant, .user, .assistant])
                let turn = try await fixture.send("Fourth", in: conversation)
                #expect(turn.end.context?.messagesUsed == 8)
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                let count = try await fixture.messages(of: conversation).count
                #expect(count == 9)
                #expect(fixture.inference.requests.isEmpty)
            }
        }
    }

    @Test func `a turn that is queued at shutdown is answered by the next process`() async throws {
        try await withTemporaryDirectory { directory in
            let conversation = try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.open()
                fixture.inference.play([.text("Well"), .hang])
                let first = try await fixture.start("First", in: conversation)
                _ = try await first.nextBatch()
                let second = try await fixture.start("Second", in: conversation)
                let accepted = try await second.nextBatch()
                #expect(accepted?.first?.userMessage?.content.text == "Second")
                return conversation
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                try await eventually("The second answer") { try await fixture.messages(of: conversation).count == 5 }
                let messages = try await fixture.messages(of: conversation)
                #expect(messages.dropFirst().map(\.status) == [.completed, .interrupted, .completed, .completed])
                #expect(fixture.inference.requests.map { $0.messages.last?.text } == ["Second"])
            }
        }
    }

    /// Stores a queued turn.
    private func addWaiting(_ text: String, to conversation: Conversation, in directory: String) async throws -> Run.ID
    {
        let store = try await SQLiteStore.open(at: directory + "/conversation.sqlite")
        return try await store.startTurn(text, in: conversation, status: .queued).run.id
    }

    /// Stores the state that a process leaves when it is killed during a generation.
    private func leaveRunGoing(in directory: String) async throws -> (Conversation, Run.ID) {
        let store = try await SQLiteStore.sample(in: directory)
        let conversation = try await store.openConversation()
        let run = try await store.startTurn(in: conversation).run.id
        try await store.appendTexts(["So ", "far"], to: run)
        return (conversation, run)
    }
}
