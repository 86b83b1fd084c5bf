import Bus
import Contracts
import TestSupport
import Testing

/// What was said to a model elsewhere is kept as a conversation like any other.
@Suite(.timeLimit(.minutes(1)))
struct KeepingTests {
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

    private func messages(_ id: Conversation.ID, _ stage: Stage, as user: String = "alice") async throws -> [Message] {
        let list = Messages.List(conversation: id, limit: 1000, offset: 0, order: .ascending)
        return try await stage.bus.call(list, stage.context(user)).items
    }

    private func conversation(_ id: Conversation.ID, _ stage: Stage) async throws -> Conversation {
        let list = Conversations.List(limit: 100, offset: 0)
        return try #require(try await stage.bus.call(list, stage.context()).items.first { $0.id == id })
    }

    @Test func `all of it is there, in its order, and no usage is counted`() async throws {
        try await Stage.with { stage in
            let keep = Conversations.Import.sample(Self.talk)
            let kept = try await stage.bus.call(keep, stage.context())
            #expect(kept == Conversations.Imported(messageCount: 4, isNew: true))
            let conversation = try await conversation(keep.id, stage)
            #expect(conversation.messageCount == 4)
            #expect(conversation.persona.name == "assistant")
            let messages = try await messages(keep.id, stage)
            #expect(messages.map(\.role) == [.user, .assistant, .tool, .assistant])
            #expect(messages.map(\.content.text) == ["How is Rome?", "", "18 degrees", "Answer."])
            #expect(messages[0].name == "ada")
            #expect(messages[1].toolCalls == [Self.call])
            #expect(messages[2].toolCallID == "call_1")
            #expect(messages[3].metadata == keep.answer.finish.metadata)
            #expect(messages[3].tokenCount == 3)
            let run = try await stage.find(try #require(messages[3].run), of: conversation)
            #expect(run.status == .completed && run.model == "x/y" && run.finishReason == .length)
            #expect(run.usage == keep.answer.finish.usage && run.attempts == keep.answer.begin.attempts)
            #expect(run.userMessage == messages[2].id && run.assistantMessage == messages[3].id)
            let follow = Runs.Follow(conversation: keep.id, run: run.id, after: 0)
            let events = try await stage.collect(try await stage.bus.stream(follow, stage.context()))
            #expect(events.map(\.number) == [1, 2, 3])
            #expect(events[1].text == "Answer." && events[2].end?.assistantMessage == messages[3])
            let day = Day(.now())
            let report = Usage.Report(from: Day(number: day.number - 1), to: day, groups: [.model])
            #expect(try await stage.bus.call(report, stage.context()).total.requests == 0)
        }
    }

    @Test func `it goes on, with what the model was told and what its provider wants to see again`() async throws {
        try await Stage.with { stage in
            let keep = Conversations.Import.sample(Self.talk)
            _ = try await stage.bus.call(keep, stage.context())
            let conversation = try await conversation(keep.id, stage)
            let turn = try await stage.say("And Oslo?", in: conversation)
            #expect(turn.end.status == .completed && turn.end.finishReason == .stop)
            let asked = try #require(stage.inference.requests.last).messages
            #expect(asked.map(\.role) == [.system, .user, .assistant, .tool, .assistant, .user])
            #expect(asked.map(\.text) == ["You are brief.", "How is Rome?", "", "18 degrees", "Answer.", "And Oslo?"])
            #expect(asked[1].name == "ada" && asked[2].toolCalls == [Self.call] && asked[2].content == nil)
            #expect(asked[3].toolCallID == "call_1")
            #expect(asked[4].metadata == keep.answer.finish.metadata)
            let messages = try await messages(keep.id, stage)
            #expect(messages.count == 6 && messages[4].parent == messages[3].id)
        }
    }

    @Test func `calls that nobody answered are not shown when it goes on`() async throws {
        try await Stage.with { stage in
            var keep = Conversations.Import.sample([.init(role: .user, content: "How is Rome?")], nil)
            keep.answer.toolCalls = [Self.call]
            _ = try await stage.bus.call(keep, stage.context())
            #expect(try await messages(keep.id, stage)[1].toolCalls == [Self.call])
            _ = try await stage.say("Never mind.", in: try await conversation(keep.id, stage))
            let asked = try #require(stage.inference.requests.last).messages
            // There were no instructions, so there are none now.
            #expect(asked.map(\.role) == [.user, .user])
        }
    }

    @Test func `answers are made again and chosen, also where several follow each other`() async throws {
        try await Stage.with { stage in
            let begun = Inference.Message(role: .assistant, content: "Well,")
            let keep = Conversations.Import.sample(Self.talk + [begun])
            _ = try await stage.bus.call(keep, stage.context())
            let conversation = try await conversation(keep.id, stage)
            let before = try await messages(keep.id, stage)
            let again = try await stage.say(nil, insteadOf: before[4].id, in: conversation)
            #expect(again.userMessage.id == before[2].id)
            #expect(try await messages(keep.id, stage).map(\.content.text).suffix(2) == ["18 degrees", "Hello."])
            try await stage.select(before[4].id, in: conversation)
            #expect(try await messages(keep.id, stage).map(\.id) == before.map(\.id))
            try await stage.select(before[0].id, in: conversation)
            _ = try await stage.say("How is Oslo?", insteadOf: before[0].id, in: conversation)
            #expect(try await messages(keep.id, stage).count == 2)
            try await stage.select(before[0].id, in: conversation)
            #expect(try await messages(keep.id, stage).map(\.id) == before.map(\.id))
            let fault = await #expect(throws: Fault.self) {
                _ = try await stage.say("Hot", insteadOf: before[2].id, in: conversation)
            }
            #expect(fault?.code == .invalid)
        }
    }

    @Test func `asked for many times at once it is kept once`() async throws {
        try await Stage.with { stage in
            let keep = Conversations.Import.sample(Self.talk)
            let new = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 { group.addTask { try await stage.bus.call(keep, stage.context()).isNew } }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(new == 1)
            #expect(try await messages(keep.id, stage).count == 4)
            let fault = await #expect(throws: Fault.self) {
                _ = try await stage.bus.call(keep, stage.context("bob"))
            }
            #expect(fault?.code == .conflict)
        }
    }

    @Test func `it outlives a restart, and a second keeping after it`() async throws {
        try await withTemporaryDirectory { directory in
            let keep = Conversations.Import.sample(Self.talk)
            let before = try await Stage.with(directory) { stage in
                _ = try await stage.bus.call(keep, stage.context())
                return try await messages(keep.id, stage)
            }
            try await untilReleased(directory)
            try await Stage.with(directory) { stage in
                #expect(try await stage.bus.call(keep, stage.context()).isNew == false)
                let after = try await messages(keep.id, stage)
                #expect(after == before)
                let conversation = try await conversation(keep.id, stage)
                let deleted = try await stage.bus.call(Conversations.Delete(id: conversation.id), stage.context())
                #expect(deleted.messageCount == 4)
            }
        }
    }

    @Test func `long histories are kept, and lists of them stay short`() async throws {
        try await Stage.with { stage in
            let many = (0..<10_000).map {
                Inference.Message(role: $0.isMultiple(of: 2) ? .user : .assistant, content: "Message \($0)\0")
            }
            let keep = Conversations.Import.sample(many)
            let kept = try await stage.bus.call(keep, stage.context())
            #expect(kept.messageCount == 10_001)
            let text = String(repeating: "Grüße! ", count: 500_000)
            for _ in 0..<3 {
                let large = Conversations.Import.sample([.init(role: .user, content: text)], text)
                _ = try await stage.bus.call(large, stage.context())
            }
            let list = try await stage.bus.call(Conversations.List(limit: 100, offset: 0), stage.context())
            #expect(list.items.count == 4)
            let recent = list.items.flatMap(\.recentMessages).map(\.content.text.count)
            #expect(recent.max() == 65_537)
            #expect(try await messages(try #require(list.items.first).id, stage).first?.content.text == text)
            let turn = try await stage.say("Go on", in: try await conversation(keep.id, stage))
            #expect(turn.end.status == .completed)
            #expect(turn.end.context?.messagesLeftOut ?? 0 > 9000)
        }
    }

    @Test func `somebody must ask, and nobody sees another's`() async throws {
        try await Stage.with { stage in
            let keep = Conversations.Import.sample(Self.talk)
            let nobody = await #expect(throws: Fault.self) { _ = try await stage.bus.call(keep, CallContext()) }
            #expect(nobody?.code == .unauthorized)
            _ = try await stage.bus.call(keep, stage.context())
            let other = await #expect(throws: Fault.self) { _ = try await messages(keep.id, stage, as: "bob") }
            #expect(other?.code == .forbidden)
            let personas = try await stage.bus.call(Personas.List(limit: 100, offset: 0), stage.context()).items
            #expect(!personas.contains { $0.name == "assistant" })
        }
    }
}
