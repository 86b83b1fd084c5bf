import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Facts that are extracted from finished turns: applied all together or not at all, and never at the cost of the turn.
@Suite(.timeLimit(.minutes(5)))
struct MemoryExtractionTests {
    /// Runs a turn in which the user says that they hate tea, and returns the user's memories after the extraction.
    ///
    /// `answer` is the model's answer to the extraction, from the memories "I love tea" and "I have a dog".
    private func memories(after answer: (Memory, Memory, Memory) -> String) async throws -> [String] {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, extractsMemories: true) { testbed in
                let store = testbed.store.base
                let conversation = try await store.openConversation()
                let (tea, dog) = (try await store.add("I love tea"), try await store.add("I have a dog"))
                let foreign = try await store.add("I love tea", of: "bob")
                testbed.inference.play(each: [
                    [.text("Noted."), .finish], [.text(answer(tea, dog, foreign)), .finish],
                ])
                let run = try await testbed.start("I hate tea now", in: conversation)
                #expect(try await run.end().status == .completed)
                try await eventually("The end of the background run") {
                    try await testbed.backgroundStatus() == "memories completed"
                }
                // What comes after the run is not visible, so a second turn is extracted, which changes nothing.
                testbed.inference.play(each: [[.text("Well."), .finish], [.text("{}"), .finish]])
                _ = try await testbed.start("Thank you", in: conversation).end()
                try await eventually("The second extraction") { testbed.inference.requests.count == 4 }
                #expect(try await store.texts(of: "bob") == ["I love tea"])
                let messages = try await testbed.messages(of: conversation).dropFirst().map(\.content.text)
                #expect(messages == ["I hate tea now", "Noted.", "Thank you", "Well."])
                return try await store.texts()
            }
        }
    }

    private static let before = ["I have a dog", "I love tea"]

    @Test func `a correction replaces the memory`() async throws {
        let after = try await memories { tea, _, _ in #"{"add":["I hate tea"],"delete":["\#(tea.id)"]}"# }
        #expect(after == ["I hate tea", "I have a dog"])
        let replaced = try await memories { tea, _, _ in
            #"```json\#n{"replace":[{"id":"\#(tea.id)","text":"I hate tea"}]}\#n```"#
        }
        #expect(replaced == ["I have a dog", "I hate tea"])
    }

    @Test func `deletions and additions alone are applied`() async throws {
        let deleted = try await memories { tea, _, _ in #"{"delete":["\#(tea.id)"]}"# }
        #expect(deleted == ["I have a dog"])
        let added = ["I hate tea", "I have a dog", "I love tea"]
        for answer in [#"{"add":["I hate tea"]}"#, #"{"add":["I hate tea","i HATE tea "]}"#] {
            let after = try await memories { _, _, _ in answer }
            #expect(after == added)
        }
        let repeated = try await memories { _, _, _ in #"{"add":["I love  tea"]}"# }
        #expect(repeated == Self.before)
    }

    @Test func `an answer that is not valid changes nothing`() async throws {
        let unknown = Memory.ID()
        let answers: [(Memory, Memory, Memory) -> String] = [
            { tea, _, _ in #"{"add":["I hate tea"],"delete":["\#(tea.id)","\#(unknown)"]}"# },
            { tea, _, foreign in #"{"add":["I hate tea"],"delete":["\#(tea.id)","\#(foreign.id)"]}"# },
            { _, _, foreign in #"{"replace":[{"id":"\#(foreign.id)","text":"I hate tea"}]}"# },
            { tea, _, _ in #"{"add":[""],"delete":["\#(tea.id)"]}"# },
            { _, _, _ in "I have removed the memory and added a new one." },
            { _, _, _ in " " },
            { _, _, _ in "{}" },
        ]
        for answer in answers {
            let after = try await memories(after: answer)
            #expect(after == Self.before)
        }
    }

    @Test func `an extracted memory has its provenance, and the usage is the user's`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, extractsMemories: true) { testbed in
                let store = testbed.store.base
                let conversation = try await store.openConversation()
                testbed.inference.play(each: [
                    [.text("Fine."), .finish], [.text(#"{"add":["The user lives in Oslo"]}"#), .finish],
                ])
                let run = try await testbed.start("I live in Oslo", in: conversation)
                _ = try await run.end()
                try await eventually("The memory") { try await store.texts().count == 1 }
                let memory = try #require(try await store.listMemories(of: "alice", limit: 1, offset: 0).items.first)
                #expect(memory.source == .extraction)
                #expect(memory.conversation == conversation.id)
                #expect(memory.message == run.question.id)
                let asked = try #require(testbed.inference.requests.last)
                #expect(
                    asked.messages.last?.text == #"{"user_message":"I live in Oslo","answer":"Fine.","memories":[]}"#
                )
                let report = Usage.Report(from: Day(number: Day(.now()).number - 1), to: Day(.now()), groups: [])
                let lines = try await store.usageReport(report, of: "alice", limit: 10)
                #expect(lines.reduce(0) { $0 + $1.total.completionTokens } == 4)
            }
        }
    }

    @Test func `a model that fails, the demo model and unfinished turns change nothing`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, extractsMemories: true) { testbed in
                let store = testbed.store.base
                let conversation = try await store.openConversation()
                let fault = Fault(.provider, "It said no.")
                testbed.inference.play(each: [[.text("Fine."), .finish], [.fail(fault)]])
                #expect(try await testbed.start("I live in Oslo", in: conversation).end().status == .completed)
                try await eventually("The failure") { try await testbed.backgroundStatus() == "memories failed" }
                testbed.inference.play([.text("Fi"), .fail(fault)])
                #expect(try await testbed.start("I live in Rome", in: conversation).end().status == .failed)
                let finish = Inference.Finish(reason: .stop, model: "demo/demo", usage: nil)
                var text = Inference.Event(text: "Demo.")
                text.begin = Inference.Begin(model: "demo/demo", attempts: [])
                testbed.inference.play([.event(text), .event(Inference.Event(finish: finish))])
                #expect(try await testbed.start("I live in Bonn", in: conversation).end().status == .completed)
                testbed.inference.play(each: [[.text("Well."), .finish], [.text(#"{"add":["last"]}"#), .finish]])
                _ = try await testbed.start("The last one", in: conversation).end()
                try await eventually("The last extraction") { try await store.texts() == ["last"] }
                let extractions = testbed.inference.requests.filter {
                    $0.messages.first?.text.contains("list of facts") == true
                }
                #expect(extractions.count == 2)
            }
        }
    }
}

extension TurnTestbed {
    /// The purpose and status of the newest background run.
    fileprivate func backgroundStatus() async throws -> String? {
        try await store.base.database.read { connection throws(StoreError) in
            try connection.value(
                "SELECT purpose || ' ' || status FROM runs WHERE purpose IS NOT NULL ORDER BY number DESC LIMIT 1",
                as: String.self
            )
        }
    }
}
