import Bus
import Contracts
import Testing

@testable import ConversationService

/// What every ``RunStore`` must do with runs; each case needs a new store.
enum RunStoreSuite: String, CaseIterable {
    case `a history of another path does not count as that of the selected one`
    case `steps are messages on the path and are read again with their events`
    case `a run that has ended cannot be changed`
    case `a key is stored with its turn`
    case `the history of a run ends with its question or its last step`
    case `a history is bounded in messages and bytes`
    case `a question is found from any step of its answer`
    case `the end of a run starts the next one`

    func check(_ store: any ConversationStoreSuite.Store) async throws {
        let test = try await TestConversations(store)
        let id = try await test.open().conversation.id
        switch self {
        case .`a history of another path does not count as that of the selected one`: try await otherHistory(test, id)
        case .`steps are messages on the path and are read again with their events`: try await steps(test, id)
        case .`a run that has ended cannot be changed`: try await ended(test, id)
        case .`a key is stored with its turn`: try await keys(test, id)
        case .`the history of a run ends with its question or its last step`: try await history(test, id)
        case .`a history is bounded in messages and bytes`: try await boundedHistory(test, id)
        case .`a question is found from any step of its answer`: try await questions(test, id)
        case .`the end of a run starts the next one`: try await next(test, id)
        }
    }

    private func otherHistory(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        let again = try await test.start(.regenerate(first.question.id), in: id)
        #expect(try await test.store.recallHistory(of: again.run).get().pathVersion != nil)
        try await test.select(try #require(first.answer).id, in: id)
        #expect(try await test.store.recallHistory(of: again.run).get().pathVersion == nil)
    }

    private func steps(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let turn = try await test.start(.message(Message.Content(text: "One")), in: id)
        var call = test.answer(of: turn.run, "Let me look.")
        call.message.toolCalls = [Inference.ToolCall(id: "c1", name: "look", arguments: "{}")]
        call.reasoning = "Hm, well."
        call.chunks = [
            .init(kind: .reasoning, bytes: 3), .init(kind: .reasoning, bytes: 6), .init(kind: .text, bytes: 4),
            .init(kind: .text, bytes: 8),
        ]
        let stored = try #require(try await test.store.appendStep(call, event: 6, to: turn.run))
        #expect(stored.parent == turn.question.id)
        var result = test.answer(of: turn.run, "sunny", role: .tool)
        (result.message.toolCallID, result.chunks) = ("c1", [])
        let second = try #require(try await test.store.appendStep(result, event: 7, to: turn.run))
        #expect(second.parent == stored.id)
        #expect(try await test.texts(of: id).suffix(3) == ["One", "Let me look.", "sunny"])
        _ = try await test.store.finishRun(test.ending(turn.run, "It is sunny."))
        guard case .finished(let run) = try await test.store.readEvents(of: turn.run, after: 0) else {
            Issue.record("The run is not finished.")
            return
        }
        #expect(run.question == turn.question)
        #expect(run.steps.map(\.message) == [stored, second])
        #expect(run.steps.map(\.reasoning) == ["Hm, well.", ""])
        #expect(run.steps.map(\.chunks) == [call.chunks, []])
        #expect(run.answer?.message.content.text == "It is sunny.")
        #expect(run.answer?.message.parent == second.id)
        #expect(try await test.messages(of: id).map(\.toolCallID).suffix(3) == [nil, "c1", nil])
    }

    private func ended(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let turn = try await test.turn("One", "uno", in: id)
        let expected = try await test.messages(of: id)
        guard case .notOwner = try await test.store.finishRun(test.ending(turn.run, "other")) else {
            Issue.record("The end was stored twice.")
            return
        }
        #expect(try await test.store.appendStep(test.answer(of: turn.run, "x"), event: 9, to: turn.run) == nil)
        guard case .notOwner = try await test.store.beginRun(turn.run) else {
            Issue.record("An ended run was started.")
            return
        }
        try await test.store.appendEvents([
            RunEventBatch(run: turn.run, first: 2, lines: [RunEventJSON.text("x", number: 2)])
        ])
        #expect(try await test.messages(of: id) == expected)
    }

    private func keys(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let key = IdempotencyKey(route: "send", key: "k")
        let store = test.store
        let runs = (0..<8).map { _ in Run.sample(in: id, at: test.next()) }
        let outcomes = try await concurrently(8) { number in
            let cause = StartTurn.Cause.message(Message.Content(text: "One"))
            let turn = StartTurn(conversation: id, cause: cause, run: runs[number], key: key, principal: test.ada)
            return switch try await store.startTurn(turn) {
            case .started: (runs[number].id, true)
            case .duplicate(let run): (run, false)
            case .needsEstimate, .refused: throw Fault(.internal, "The turn was refused.")
            }
        }
        #expect(outcomes.count(where: \.1) == 1)
        #expect(Set(outcomes.map(\.0)).count == 1)
        let found = try #require(try await store.findRun(of: key, in: id))
        #expect(found.run.id == outcomes.first?.0)
        #expect(found.question.content.text == "One")
        #expect(try await test.texts(of: id).count == 2)
    }

    private func history(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        let again = try await test.start(.regenerate(first.question.id), in: id)
        try await test.select(try #require(first.answer).id, in: id)
        let second = try await test.start(.message(Message.Content(text: "Two")), in: id, waits: true)
        let third = try await test.start(.message(Message.Content(text: "Three")), in: id, waits: true)
        func texts(_ run: Run.ID) async throws -> [String] {
            try await test.store.recallHistory(of: run).get().messages.dropFirst().map(\.content.text)
        }
        #expect(try await texts(again.run) == ["One"])
        #expect(try await texts(second.run) == ["One", "uno", "Two"])
        _ = try await test.store.appendStep(test.answer(of: second.run, "call"), event: 3, to: second.run)
        #expect(try await texts(second.run) == ["One", "uno", "Two", "call"])
        #expect(try await texts(third.run) == ["One", "uno", "Two", "call", "Three"])
    }

    private func boundedHistory(_ test: TestConversations, _ id: Conversation.ID) async throws {
        for number in 0..<20 { try await test.turn("\(number)" + String(repeating: "x", count: 50_000), "Yes", in: id) }
        let history = try await test.store.recallConversation(id).get().history
        #expect(history.messages.reduce(0) { $0 + $1.content.text.utf8.count } <= RecalledHistory.byteLimit)
        #expect(history.messages.count > 10)
        #expect(history.messages.count + history.olderCount == 41)
        #expect(history.messages.last?.content.text == "Yes")
    }

    private func questions(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let turn = try await test.start(.message(Message.Content(text: "One")), in: id)
        let call = try #require(
            try await test.store.appendStep(test.answer(of: turn.run, "call"), event: 3, to: turn.run)
        )
        let result = test.answer(of: turn.run, "result", role: .tool)
        let stored = try #require(try await test.store.appendStep(result, event: 4, to: turn.run))
        guard case .finished(let answer?) = try await test.store.finishRun(test.ending(turn.run, "uno")) else {
            Issue.record("The answer was not stored.")
            return
        }
        for message in [turn.question, call, stored, answer] {
            let question = try await test.store.findMessage(message.id, orItsQuestion: true, in: id).get()
            #expect(question.id == turn.question.id)
            #expect(try await test.store.findMessage(message.id, orItsQuestion: false, in: id).get().id == message.id)
        }
        let greeting = try #require(try await test.messages(of: id).first).id
        #expect(try await test.store.findMessage(greeting, orItsQuestion: true, in: id).fault?.code == .invalid)
        #expect(try await test.store.findMessage(Message.ID(), orItsQuestion: true, in: id).fault?.code == .missing)
    }

    private func next(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.start(.message(Message.Content(text: "One")), in: id)
        let second = try await test.start(.message(Message.Content(text: "Two")), in: id, waits: true)
        #expect(try await test.store.findRun(second.run, in: id, of: test.ada).get().status == .queued)
        let queued = try await test.store.recallConversation(id).get().queued
        #expect(queued.map(\.run.id) == [second.run])
        #expect(queued.map(\.question) == [second.question])
        _ = try await test.store.finishRun(test.ending(first.run, "uno", next: second.run))
        #expect(try await test.store.findRun(second.run, in: id, of: test.ada).get().status == .running)
        #expect(try await test.store.recallConversation(id).get().queued.isEmpty)
    }
}

extension Run {
    /// A run in progress that is not stored.
    static func sample(in conversation: Conversation.ID, at moment: Timestamp) -> Run {
        Run(
            id: Run.ID(at: moment),
            conversation: conversation,
            status: .running,
            model: nil,
            userMessage: Message.ID(at: moment),
            assistantMessage: nil,
            lastEvent: 1,
            usage: nil,
            fault: nil,
            createdAt: moment,
            endedAt: nil
        )
    }
}
