import Bus
import Contracts
import TestSupport
import Testing

/// Importing conversations that were held through another API.
@Suite(.timeLimit(.minutes(5)))
struct ImportTests {
    private static let call = Inference.ToolCall(
        id: "call_1",
        name: "weather",
        arguments: "{\"city\":\"Rome\"}",
        metadata: RawJSON(#"{"google":{"thought_signature":"YQ=="}}"#)
    )
    private static let talk: [Inference.Message] = [
        .init(role: .system, content: "You are brief."),
        .init(role: .user, content: .text("How is Rome?"), name: "ada"),
        .init(role: .assistant, content: nil, toolCalls: [call]),
        .init(role: .tool, content: .text("18 degrees"), toolCallID: "call_1"),
    ]

    private func messages(
        _ id: Conversation.ID,
        _ fixture: Fixture,
        as user: String = "alice"
    ) async throws -> [Message] {
        let list = Messages.List(conversation: id, limit: 1000, offset: 0, order: .ascending)
        return try await fixture.bus.call(list, fixture.context(user)).items
    }

    private func conversation(_ id: Conversation.ID, _ fixture: Fixture) async throws -> Conversation {
        let list = Conversations.List(limit: 100, offset: 0)
        return try #require(try await fixture.bus.call(list, fixture.context()).items.first { $0.id == id })
    }

    @Test func `an imported conversation has all messages in order, and no usage is recorded`() async throws {
        try await Fixture.with { fixture in
            let request = Conversations.Import.sample(Self.talk)
            let imported = try await fixture.bus.call(request, fixture.context())
            #expect(imported == Conversations.Imported(messageCount: 4, isNew: true))
            let conversation = try await conversation(request.id, fixture)
            #expect(conversation.messageCount == 4)
            #expect(conversation.persona.name == "assistant")
            let messages = try await messages(request.id, fixture)
            #expect(messages.map(\.role) == [.user, .assistant, .tool, .assistant])
            #expect(messages.map(\.content.text) == ["How is Rome?", "", "18 degrees", "Answer."])
            #expect(messages[0].name == "ada")
            #expect(messages[1].toolCalls == [Self.call])
            #expect(messages[2].toolCallID == "call_1")
            #expect(messages[3].metadata == request.answer.finish.metadata)
            #expect(messages[3].tokenCount == 3)
            let run = try await fixture.find(try #require(messages[3].run), of: conversation)
            #expect(run.status == .completed && run.model == "x/y" && run.finishReason == .length)
            #expect(run.usage == request.answer.finish.usage && run.attempts == request.answer.begin.attempts)
            #expect(run.userMessage == messages[2].id && run.assistantMessage == messages[3].id)
            let follow = Runs.Follow(conversation: request.id, run: run.id, after: 0)
            let events = try await fixture.collect(try await fixture.bus.stream(follow, fixture.context()))
            #expect(events.map(\.number) == [1, 2, 3])
            #expect(events[1].text == "Answer." && events[2].end?.assistantMessage == messages[3].unmarked)
            let day = Day(.now())
            let report = Usage.Report(from: Day(number: day.number - 1), to: day, groups: [.model])
            #expect(try await fixture.bus.call(report, fixture.context()).total.requests == 0)
        }
    }

    @Test func `an imported conversation continues with its system prompt and provider metadata`() async throws {
        try await Fixture.with { fixture in
            let request = Conversations.Import.sample(Self.talk)
            _ = try await fixture.bus.call(request, fixture.context())
            let conversation = try await conversation(request.id, fixture)
            let turn = try await fixture.send("And Oslo?", in: conversation)
            #expect(turn.end.status == .completed && turn.end.finishReason == .stop)
            let asked = try #require(fixture.inference.requests.last).messages
            #expect(asked.map(\.role) == [.system, .user, .assistant, .tool, .assistant, .user])
            #expect(asked.map(\.text) == ["You are brief.", "How is Rome?", "", "18 degrees", "Answer.", "And Oslo?"])
            #expect(asked[1].name == "ada" && asked[2].toolCalls == [Self.call] && asked[2].content == nil)
            #expect(asked[3].toolCallID == "call_1")
            #expect(asked[4].metadata == request.answer.finish.metadata)
            let messages = try await messages(request.id, fixture)
            #expect(messages.count == 6 && messages[4].parent == messages[3].id)
        }
    }

    @Test func `tool calls without results are left out of the next prompt`() async throws {
        try await Fixture.with { fixture in
            var request = Conversations.Import.sample([.init(role: .user, content: "How is Rome?")], nil)
            request.answer.toolCalls = [Self.call]
            _ = try await fixture.bus.call(request, fixture.context())
            #expect(try await messages(request.id, fixture)[1].toolCalls == [Self.call])
            _ = try await fixture.send("Never mind.", in: try await conversation(request.id, fixture))
            let asked = try #require(fixture.inference.requests.last).messages
            // The imported conversation has no system prompt.
            #expect(asked.map(\.role) == [.user, .user])
        }
    }

    @Test func `answers of an imported conversation can be regenerated and selected, even consecutive ones`()
        async throws
    {
        try await Fixture.with { fixture in
            let begun = Inference.Message(role: .assistant, content: "Well,")
            let request = Conversations.Import.sample(Self.talk + [begun])
            _ = try await fixture.bus.call(request, fixture.context())
            let conversation = try await conversation(request.id, fixture)
            let before = try await messages(request.id, fixture)
            let again = try await fixture.send(nil, insteadOf: before[4].id, in: conversation)
            #expect(again.userMessage.id == before[2].id)
            #expect(try await messages(request.id, fixture).map(\.content.text).suffix(2) == ["18 degrees", "Hello."])
            try await fixture.select(before[4].id, in: conversation)
            #expect(try await messages(request.id, fixture).map(\.id) == before.map(\.id))
            try await fixture.select(before[0].id, in: conversation)
            _ = try await fixture.send("How is Oslo?", insteadOf: before[0].id, in: conversation)
            #expect(try await messages(request.id, fixture).count == 2)
            try await fixture.select(before[0].id, in: conversation)
            #expect(try await messages(request.id, fixture).map(\.id) == before.map(\.id))
            let fault = await #expect(throws: Fault.self) {
                _ = try await fixture.send("Hot", insteadOf: before[2].id, in: conversation)
            }
            #expect(fault?.code == .invalid)
        }
    }

    @Test func `concurrent imports of the same conversation store it once`() async throws {
        try await Fixture.with { fixture in
            let request = Conversations.Import.sample(Self.talk)
            let new = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 { group.addTask { try await fixture.bus.call(request, fixture.context()).isNew } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(new == 1)
            #expect(try await messages(request.id, fixture).count == 4)
            let fault = await #expect(throws: Fault.self) {
                _ = try await fixture.bus.call(request, fixture.context("bob"))
            }
            #expect(fault?.code == .conflict)
        }
    }

    @Test func `an imported conversation survives a restart and a repeated import`() async throws {
        try await withTemporaryDirectory { directory in
            let request = Conversations.Import.sample(Self.talk)
            let before = try await Fixture.with(directory) { fixture in
                _ = try await fixture.bus.call(request, fixture.context())
                return try await messages(request.id, fixture)
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                #expect(try await fixture.bus.call(request, fixture.context()).isNew == false)
                let after = try await messages(request.id, fixture)
                #expect(after == before)
                let conversation = try await conversation(request.id, fixture)
                let deleted = try await fixture.bus.call(Conversations.Delete(id: conversation.id), fixture.context())
                #expect(deleted.messageCount == 4)
            }
        }
    }

    @Test func `long conversations can be imported, and listing them returns truncated texts`() async throws {
        try await Fixture.with { fixture in
            let many = (0..<10_000).map {
                Inference.Message(role: $0.isMultiple(of: 2) ? .user : .assistant, content: "Message \($0)\0")
            }
            let request = Conversations.Import.sample(many)
            let imported = try await fixture.bus.call(request, fixture.context())
            #expect(imported.messageCount == 10_001)
            let text = String(repeating: "Grüße! ", count: 500_000)
            for _ in 0..<3 {
                let large = Conversations.Import.sample([.init(role: .user, content: text)], text)
                _ = try await fixture.bus.call(large, fixture.context())
            }
            let list = try await fixture.bus.call(Conversations.List(limit: 100, offset: 0), fixture.context())
            #expect(list.items.count == 4)
            let recent = list.items.flatMap(\.recentMessages).map(\.content.text.count)
            #expect(recent.max() == 65_537)
            #expect(try await messages(try #require(list.items.first).id, fixture).first?.content.text == text)
            let turn = try await fixture.send("Go on", in: try await conversation(request.id, fixture))
            #expect(turn.end.status == .completed)
            #expect(turn.end.context?.messagesLeftOut ?? 0 > 9000)
        }
    }

    @Test func `importing requires a user, and other users cannot read the conversation`() async throws {
        try await Fixture.with { fixture in
            let request = Conversations.Import.sample(Self.talk)
            let nobody = await #expect(throws: Fault.self) { _ = try await fixture.bus.call(request, CallContext()) }
            #expect(nobody?.code == .unauthorized)
            _ = try await fixture.bus.call(request, fixture.context())
            let other = await #expect(throws: Fault.self) { _ = try await messages(request.id, fixture, as: "bob") }
            #expect(other?.code == .forbidden)
            let personas = try await fixture.bus.call(Personas.List(limit: 100, offset: 0), fixture.context()).items
            #expect(!personas.contains { $0.name == "assistant" })
        }
    }
}
