import Bus
import Contracts
import GRDB
import NIOCore
import TestSupport
import Testing

@testable import ConversationService

/// The service answers from an upgraded file as Parley answered before the upgrade: the expected values are its answers.
@Suite(.timeLimit(.minutes(5)))
struct UpgradedServiceTests {
    private static let first = ["One", "uno", "Two", "zwei", "Drei?", "drei", "Vier", "quattro"]
    private static let second = ["One", "uno", "Two", "due", "Three", "tre"]
    private static let third = [
        "Eins", "eins", "Langsam", "schnell 🙂\ner", "Weiter", "ja", "Kaputt", "Und jetzt", "gut",
    ]
    private static let fourth = ["Eins", "eins", "Langsam", "langsam", "Danach", "langsam"]

    /// Ids of the sample file, by row number.
    private struct Sample {
        var conversations: [Int64: Conversation.ID] = [:]
        var messages: [Int64: Message.ID] = [:]
        var runs: [Int64: (id: Run.ID, conversation: Int64)] = [:]
    }

    /// Runs the service with the sample file.
    private func withSample(
        changedBy sql: String = "",
        _ body: (Fixture, Sample) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var sample = Sample()
            try FormerFile.create(at: directory + "/conversation.sqlite") { database in
                try database.execute(sql: FormerFile.sample())
                for row in try Row.fetchAll(database, sql: "SELECT number, id FROM conversations") {
                    sample.conversations[row[0]] = Conversation.ID(row[1] as String)
                }
                for row in try Row.fetchAll(database, sql: "SELECT number, id FROM messages") {
                    sample.messages[row[0]] = Message.ID(row[1] as String)
                }
                let runs = "SELECT r.number, r.id, conversation FROM runs r JOIN messages m ON m.number = message"
                for row in try Row.fetchAll(database, sql: runs) {
                    sample.runs[row[0]] = (try #require(Run.ID(row[1] as String)), row[2])
                }
                try database.execute(sql: sql)
            }
            let found = sample
            try await Fixture.with(directory) { try await body($0, found) }
        }
    }

    private func texts(of conversation: Conversation.ID, _ fixture: Fixture) async throws -> [String] {
        let list = Messages.List(conversation: conversation, limit: 1000, offset: 0, order: .ascending)
        return try await fixture.bus.call(list, fixture.context()).items.map(\.content.text)
    }

    @Test func `messages are listed with their siblings`() async throws {
        try await withSample { fixture, sample in
            let conversation = try #require(sample.conversations[1])
            let list = Messages.List(conversation: conversation, limit: 1000, offset: 0, order: .ascending)
            let messages = try await fixture.bus.call(list, fixture.context()).items
            #expect(messages.dropFirst().map(\.content.text) == Self.first)
            let branches = messages.map { $0.branch.map { "\($0.index)/\($0.count)" } ?? "" }
            #expect(branches == ["", "0/2", "", "", "1/2", "", "", "", ""])
            #expect(messages.dropFirst().map(\.parent) == messages.dropLast().map(\.id))
            let imported = try #require(sample.conversations[2])
            #expect(try await texts(of: imported, fixture) == ["Weather?", "Wait.", "Still.", "Well?", "Answer."])
            let expected: [Int64: [String]] = [
                2: ["One", "Eins"], 8: ["due", "zwei"], 15: ["langsam", "schnell 🙂\ner"], 22: ["gut"], 27: ["Still."],
            ]
            for (message, texts) in expected {
                let request = Messages.Siblings(
                    conversation: message > 24 ? imported : conversation,
                    message: try #require(sample.messages[message])
                )
                let siblings = try await fixture.bus.call(request, fixture.context()).items
                #expect(siblings.map(\.content.text) == texts)
            }
        }
    }

    @Test func `selecting each message in turn shows the same paths`() async throws {
        try await withSample { fixture, sample in
            let conversation = try #require(sample.conversations[1])
            let expected: [(ClosedRange<Int64>, [String])] = [
                (1...4, Self.first), (5...7, Self.second), (8...10, Self.first), (11...13, Self.third),
                (14...16, Self.fourth), (17...22, Self.third), (23...24, Self.first),
            ]
            for (numbers, texts) in expected {
                for number in numbers {
                    let message = try #require(sample.messages[number])
                    let select = Messages.Select(conversation: conversation, message: message, limit: 1)
                    let page = try await fixture.bus.call(select, fixture.context())
                    #expect(page.total == texts.count + 1)
                    let listed = try await self.texts(of: conversation, fixture)
                    #expect(Array(listed.dropFirst()) == texts, "message \(number)")
                }
            }
        }
    }

    @Test func `the events of finished runs are the same bytes`() async throws {
        try await withSample { fixture, sample in
            let expected = try FormerFile.sampleEvents()
            #expect(expected.count == 15)
            for (number, lines) in expected {
                let run = try #require(sample.runs[number])
                let conversation = try #require(sample.conversations[run.conversation])
                let follow = Runs.Follow(conversation: conversation, run: run.id, after: 0)
                let events = try await fixture.collect(fixture.bus.stream(follow, fixture.context()))
                #expect(events.map { String(buffer: RunEventJSON.event($0)) } == lines, "run \(number)")
            }
        }
    }

    @Test func `conversations are continued on every path, and keys find their runs`() async throws {
        try await withSample { fixture, sample in
            let id = try #require(sample.conversations[1])
            let list = Conversations.List(persona: nil, limit: 10, offset: 0)
            let conversations = try await fixture.bus.call(list, fixture.context()).items
            #expect(conversations.count == 3)
            let conversation = try #require(conversations.first { $0.id == id })
            _ = try await fixture.turn("Fünf", "cinque", in: conversation)
            #expect(fixture.promptTexts(asking: "Fünf") == Self.first + ["Fünf"])
            let message = try #require(sample.messages[16])
            let select = Messages.Select(conversation: id, message: message, limit: 1)
            _ = try await fixture.bus.call(select, fixture.context())
            _ = try await fixture.turn("Sechs", "sei", in: conversation)
            #expect(fixture.promptTexts(asking: "Sechs") == Self.fourth + ["Sechs"])
            let count = fixture.inference.requests.count
            let repeated = try await fixture.send("Danach", in: conversation, key: "send-key")
            #expect(repeated.userMessage.id == sample.messages[14])
            #expect(repeated.end.assistantMessage?.id == sample.messages[16])
            #expect(fixture.inference.requests.count == count)
            let imported = try #require(conversations.first { $0.id == sample.conversations[2] })
            _ = try await fixture.turn("And now?", "Sun.", in: imported)
            #expect(fixture.inference.requests.last?.messages.first?.text.contains("Be brief.") == true)
            let usage = try await fixture.quotaStatus()
            #expect(usage.quota?.requests == 100)
            let keys = try await fixture.bus.call(Keys.List(limit: 10, offset: 0), fixture.context())
            #expect(keys.items.map(\.name) == ["laptop"])
        }
    }

    @Test func `a run in progress is interrupted, and a queued one is answered`() async throws {
        let sql = """
            UPDATE runs SET status = 'running', answer = NULL, cuts = NULL, ending = NULL, ended_at = NULL, last_event = 1
                WHERE number = 16;
            DELETE FROM messages WHERE number = 33;
            UPDATE conversations SET message_count = 3 WHERE number = 3;
            INSERT INTO run_events (run, first, lines) SELECT id, 2,
                CAST('{"number":2,"text":"Well "}' || char(10) || '{"number":3,"text":"then"}' || char(10) AS BLOB)
                FROM runs WHERE number = 16;
            """
        try await withSample(changedBy: sql) { fixture, sample in
            let conversation = try #require(sample.conversations[3])
            let (running, queued) = (try #require(sample.runs[16]), try #require(sample.runs[17]))
            for run in [running, queued] {
                try await eventually("The end of the run") {
                    let found = try await fixture.bus.call(
                        Runs.Find(conversation: conversation, run: run.id),
                        fixture.context()
                    )
                    return found.status == (run.id == running.id ? .interrupted : .completed)
                }
            }
            #expect(fixture.inference.requests.map { $0.messages.last?.text } == ["Second"])
            #expect(fixture.promptTexts() == ["First", "Well then", "Second"])
            let texts = try await texts(of: conversation, fixture)
            #expect(Array(texts.dropFirst()) == ["First", "Well then", "Second", "Hello."])
        }
    }
}
