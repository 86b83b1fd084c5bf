import Contracts
import Testing

@testable import ConversationService

/// Where every ``RunStore`` must store the messages of runs, and which path stays selected; each case needs a new store.
enum RunPathSuite: String, CaseIterable {
    case `a turn that is queued behind a run leaves room for its answer`
    case `an answer is stored on the path of its run, whatever is selected`
    case `a regeneration without an answer restores the previous one`
    case `a regeneration without an answer keeps what was sent meanwhile`
    case `a restored answer is counted on every path that shares it`
    case `a regeneration of a regeneration restores the newest answer`
    case `a regeneration that waits does not share its path with another one`
    case `a repeated failed request does not select its path`
    case `a repeated failed request keeps later turns on the path`

    func check(_ store: any ConversationStoreSuite.Store) async throws {
        let test = try await TestConversations(store)
        let id = try await test.open().conversation.id
        switch self {
        case .`a turn that is queued behind a run leaves room for its answer`: try await queue(test, id)
        case .`an answer is stored on the path of its run, whatever is selected`: try await lateAnswer(test, id)
        case .`a regeneration without an answer restores the previous one`: try await restore(test, id)
        case .`a regeneration without an answer keeps what was sent meanwhile`: try await restoreBetween(test, id)
        case .`a restored answer is counted on every path that shares it`: try await sharedRestore(test, id)
        case .`a regeneration of a regeneration restores the newest answer`: try await restoreTwice(test, id)
        case .`a regeneration that waits does not share its path with another one`: try await twoWaiting(test, id)
        case .`a repeated failed request does not select its path`: try await retryElsewhere(test, id)
        case .`a repeated failed request keeps later turns on the path`: try await retry(test, id)
        }
    }

    private func queue(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.start(.message(Message.Content(text: "One")), in: id)
        let second = try await test.start(.message(Message.Content(text: "Two")), in: id, waits: true)
        #expect(try await test.texts(of: id).suffix(2) == ["One", "Two"])
        #expect(second.question.parent == first.question.id)
        _ = try await test.store.appendStep(test.answer(of: first.run, "call"), event: 3, to: first.run)
        let third = try await test.start(.message(Message.Content(text: "Three")), in: id, waits: true)
        #expect(third.question.parent == second.question.id)
        _ = try await test.store.appendStep(test.answer(of: first.run, "result", role: .tool), event: 4, to: first.run)
        _ = try await test.store.finishRun(test.ending(first.run, "uno"))
        #expect(try await test.texts(of: id).suffix(6) == ["One", "call", "result", "uno", "Two", "Three"])
        _ = try await test.store.finishRun(test.ending(second.run, "due"))
        _ = try await test.store.finishRun(test.ending(third.run, nil))
        #expect(try await test.texts(of: id).suffix(4) == ["uno", "Two", "due", "Three"])
        #expect(try await test.messages(of: id).last?.status == .failed)
    }

    private func lateAnswer(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        let again = try await test.start(.regenerate(first.question.id), in: id)
        #expect(try await test.texts(of: id).last == "One")
        try await test.select(try #require(first.answer).id, in: id)
        try await test.turn("Two", "due", in: id)
        guard case .finished(let late?) = try await test.store.finishRun(test.ending(again.run, "eins")) else {
            Issue.record("The answer was not stored.")
            return
        }
        #expect(late.branch == Message.Branch(index: 1, count: 2))
        #expect(try await test.texts(of: id).suffix(4) == ["One", "uno", "Two", "due"])
        try await test.select(late.id, in: id)
        #expect(try await test.texts(of: id).suffix(2) == ["One", "eins"])
    }

    private func restore(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        try await test.turn("Two", "due", in: id)
        let expected = try await test.texts(of: id)
        let one = try await test.start(.regenerate(first.question.id), in: id)
        let two = try await test.start(.regenerate(first.question.id), in: id, waits: true)
        _ = try await test.store.finishRun(test.ending(one.run, nil))
        #expect(try await test.texts(of: id).last == "One")
        _ = try await test.store.finishRun(test.ending(two.run, nil))
        #expect(try await test.texts(of: id) == expected)
        #expect(try await test.messages(of: id).allSatisfy { $0.status == .completed })
    }

    private func restoreBetween(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        try await test.turn("Two", "due", in: id)
        let again = try await test.start(.regenerate(first.question.id), in: id)
        let third = try await test.start(.message(Message.Content(text: "Three")), in: id, waits: true)
        _ = try await test.store.finishRun(test.ending(again.run, nil, next: third.run))
        #expect(try await test.texts(of: id).suffix(3) == ["One", "uno", "Three"])
        _ = try await test.store.finishRun(test.ending(third.run, "tre"))
        #expect(try await test.texts(of: id).suffix(4) == ["One", "uno", "Three", "tre"])
        try await test.select(try #require(first.answer).id, in: id)
        #expect(try await test.texts(of: id).suffix(2) == ["Three", "tre"])
    }

    private func sharedRestore(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        let again = try await test.start(.regenerate(first.question.id), in: id)
        let second = try await test.start(.message(Message.Content(text: "Two")), in: id, waits: true)
        let edit = StartTurn.Cause.edit(second.question.id, Message.Content(text: "Two?"))
        let edited = try await test.start(edit, in: id, waits: true)
        _ = try await test.store.finishRun(test.ending(again.run, nil))
        #expect(try await countedTexts(test, id).suffix(3) == ["One", "uno", "Two?"])
        _ = try await test.store.finishRun(test.ending(second.run, "due"))
        _ = try await test.store.finishRun(test.ending(edited.run, "zwei"))
        #expect(try await countedTexts(test, id).suffix(4) == ["One", "uno", "Two?", "zwei"])
    }

    private func restoreTwice(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let first = try await test.turn("One", "uno", in: id)
        let one = try await test.start(.regenerate(first.question.id), in: id)
        let two = try await test.start(.regenerate(first.question.id), in: id, waits: true)
        let second = try await test.start(.message(Message.Content(text: "Two")), in: id, waits: true)
        _ = try await test.store.finishRun(test.ending(two.run, nil))
        #expect(try await countedTexts(test, id).suffix(3) == ["One", "uno", "Two"])
        _ = try await test.store.finishRun(test.ending(one.run, "eins"))
        _ = try await test.store.finishRun(test.ending(second.run, "due"))
        #expect(try await countedTexts(test, id).suffix(4) == ["One", "uno", "Two", "due"])
    }

    private func twoWaiting(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let silent = try await test.turn("One", nil, in: id)
        let one = try await test.start(.regenerate(silent.question.id), in: id)
        let two = try await test.start(.regenerate(silent.question.id), in: id, waits: true)
        _ = try await test.store.finishRun(test.ending(one.run, "uno"))
        #expect(try await countedTexts(test, id).last == "One")
        _ = try await test.store.appendStep(test.answer(of: two.run, "call"), event: 3, to: two.run)
        _ = try await test.store.finishRun(test.ending(two.run, "eins"))
        #expect(try await countedTexts(test, id).suffix(3) == ["One", "call", "eins"])
    }

    private func retryElsewhere(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let failed = try await test.turn("One", nil, in: id)
        try await test.turn(.edit(failed.question.id, Message.Content(text: "One?")), "eins", in: id)
        try await test.turn("Two", "due", in: id)
        let expected = try await countedTexts(test, id)
        let again = try await test.turn(.retry(failed.question.id, of: failed.run), "uno", in: id)
        #expect(try await countedTexts(test, id) == expected)
        try await test.select(try #require(again.answer).id, in: id)
        #expect(try await countedTexts(test, id).suffix(2) == ["One", "uno"])
    }

    private func retry(_ test: TestConversations, _ id: Conversation.ID) async throws {
        let failed = try await test.start(.message(Message.Content(text: "One")), in: id)
        var ending = test.ending(failed.run, "un…")
        ending = FinishRun(
            run: ending.run,
            end: Run.End(status: .failed, assistantMessage: nil),
            answer: ending.answer,
            lastEvent: 3,
            moment: test.next()
        )
        _ = try await test.store.finishRun(ending)
        try await test.turn("Two", "due", in: id)
        let again = try await test.turn(.retry(failed.question.id, of: failed.run), "uno", in: id)
        #expect(try await test.texts(of: id).suffix(4) == ["One", "un…", "Two", "due"])
        try await test.select(try #require(again.answer).id, in: id)
        #expect(try await test.texts(of: id).suffix(2) == ["One", "uno"])
        // Without any answer, the late one fits between the question and the later turns.
        let silent = try await test.turn("Three", nil, in: id)
        try await test.turn("Four", "quattro", in: id)
        try await test.turn(.retry(silent.question.id, of: silent.run), "tre", in: id)
        #expect(try await test.texts(of: id).suffix(4) == ["Three", "tre", "Four", "quattro"])
        #expect(try await test.messages(of: id).suffix(4).allSatisfy { $0.status == .completed })
    }

    /// Expects that the count of the selected path is the number of its messages, and returns their texts.
    private func countedTexts(_ test: TestConversations, _ id: Conversation.ID) async throws -> [String] {
        let list = Messages.List(conversation: id, limit: 1000, offset: 0, order: .ascending)
        let page = try await test.store.listMessages(list, of: test.ada).get()
        #expect(page.total == page.items.count)
        return page.items.map(\.content.text)
    }
}
