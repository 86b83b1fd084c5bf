import Bus
import Contracts
import TestSupport
import Testing

/// A conversation is a tree with a selected path; messages are never overwritten.
@Suite(.timeLimit(.minutes(5)))
struct BranchTests {
    @Test func `a regenerated answer is a sibling of the first, and the path leads through the new one`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            _ = try await fixture.turn("Two", "due", in: conversation)
            fixture.inference.play([.text("eins"), .finish])
            let again = try await fixture.send(nil, insteadOf: first.answer, in: conversation)
            #expect(again.userMessage.id == first.question)
            #expect(again.end.assistantMessage?.branch == Message.Branch(index: 1, count: 2))
            #expect(again.end.assistantMessage?.parent == first.question)
            #expect(try await fixture.texts(of: conversation) == ["One", "eins"])
            #expect(fixture.promptTexts() == ["One"])
            let siblings = try await fixture.siblings(of: first.answer, in: conversation)
            #expect(siblings.map(\.content.text) == ["uno", "eins"])
            #expect(siblings.map(\.branch?.index) == [0, 1])
        }
    }

    @Test func `an edited question is a sibling of the first and has its own answers`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            _ = try await fixture.turn("One", "uno", in: conversation)
            let second = try await fixture.turn("Two", "due", in: conversation)
            _ = try await fixture.turn("Three", "tre", in: conversation)
            fixture.inference.play([.text("zwei"), .finish])
            let edited = try await fixture.send("Two, please", insteadOf: second.question, in: conversation)
            #expect(edited.userMessage.branch == Message.Branch(index: 1, count: 2))
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two, please", "zwei"])
            #expect(fixture.promptTexts() == ["One", "uno", "Two, please"])
            let siblings = try await fixture.siblings(of: edited.userMessage.id, in: conversation)
            #expect(siblings.map(\.content.text) == ["Two", "Two, please"])
            let again = try await fixture.send("Two!", insteadOf: edited.userMessage.id, in: conversation)
            #expect(again.userMessage.branch == Message.Branch(index: 2, count: 3))
            #expect(again.userMessage.parent == edited.userMessage.parent)
        }
    }

    @Test func `selecting a message restores the path as it last led through it`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            let second = try await fixture.turn("Two", "due", in: conversation)
            _ = try await fixture.turn("Three", "tre", in: conversation)
            fixture.inference.play([.text("zwei"), .finish])
            let again = try await fixture.send(nil, insteadOf: second.answer, in: conversation)
            _ = try await fixture.turn("Drei?", "drei", in: conversation)
            fixture.inference.play([.text("eins"), .finish])
            _ = try await fixture.send("Eins", insteadOf: first.question, in: conversation)
            #expect(try await fixture.texts(of: conversation) == ["Eins", "eins"])
            try await fixture.select(second.answer, in: conversation)
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "due", "Three", "tre"])
            try await fixture.select(first.question, in: conversation)
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "due", "Three", "tre"])
            let other = try #require(again.end.assistantMessage)
            try await fixture.select(other.id, in: conversation)
            let all = try await fixture.messages(of: conversation)
            #expect(all.suffix(6).map(\.content.text) == ["One", "uno", "Two", "zwei", "Drei?", "drei"])
            #expect(all.suffix(3).first?.branch == Message.Branch(index: 1, count: 2))
            _ = try await fixture.turn("Vier?", "vier", in: conversation)
            #expect(fixture.promptTexts() == ["One", "uno", "Two", "zwei", "Drei?", "drei", "Vier?"])
        }
    }

    @Test func `a failed regeneration keeps the previous answer on the path`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            _ = try await fixture.turn("Two", "due", in: conversation)
            fixture.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await fixture.send(nil, insteadOf: first.answer, in: conversation)
            #expect(failed.end.status == .failed)
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "due"])
            #expect(try await fixture.messages(of: conversation).allSatisfy { $0.status == .completed })
            let total = try await fixture.open().messageCount
            let messages = try await fixture.messages(of: conversation)
            #expect(total == messages.count)
        }
    }

    @Test func `regenerating a question without an answer adds the answer and keeps the later messages`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await fixture.send("One", in: conversation)
            #expect(try await fixture.messages(of: conversation).last?.status == .failed)
            _ = try await fixture.turn("Two", "due", in: conversation)
            fixture.inference.play([.text("uno"), .finish])
            let again = try await fixture.send(nil, insteadOf: failed.userMessage.id, in: conversation)
            #expect(again.end.assistantMessage?.branch == nil)
            #expect(fixture.promptTexts() == ["One"])
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "due"])
            #expect(try await fixture.messages(of: conversation).allSatisfy { $0.status == .completed })
            _ = try await fixture.turn("Three", "tre", in: conversation)
            #expect(fixture.promptTexts() == ["One", "uno", "Two", "due", "Three"])
        }
    }

    @Test func `a message sent during a regeneration is queued and follows the new answer`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            fixture.inference.play([.text("eins"), .hold, .finish])
            async let again = fixture.send(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The second generation") { fixture.inference.requests.count == 2 }
            async let following = fixture.send("Two", in: conversation)
            try await eventually("The second message") { try await fixture.texts(of: conversation) == ["One", "Two"] }
            fixture.inference.release()
            let next = try await following
            _ = try await again
            #expect(next.end.status == .completed)
            #expect(fixture.promptTexts() == ["One", "eins", "Two"])
            let texts = try await fixture.texts(of: conversation)
            #expect(texts == ["One", "eins", "Two", "eins"])
        }
    }

    @Test func `the stored events of every run are identical to the streamed ones, whatever follows`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.collect(fixture.start("One", in: conversation))
            let question = try #require(first.first?.userMessage)
            let answer = try #require(first.last?.end?.assistantMessage)
            let edit = Runs.Start(
                conversation: conversation.id,
                content: Message.Content(text: "Uno"),
                insteadOf: question.id
            )
            let edited = try await fixture.collect(fixture.bus.stream(edit, fixture.context()))
            let regenerate = Runs.Start(conversation: conversation.id, content: nil, insteadOf: answer.id)
            let again = try await fixture.collect(fixture.bus.stream(regenerate, fixture.context()))
            for streamed in [first, edited, again] {
                let run = try #require(streamed.first?.userMessage?.run)
                let follow = Runs.Follow(conversation: conversation.id, run: run, after: 0)
                let read = try await fixture.collect(fixture.bus.stream(follow, fixture.context()))
                #expect(read == streamed)
            }
            #expect(again.first?.userMessage?.id == question.id)
        }
    }

    @Test func `invalid edits and regenerations are rejected`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let other = try await fixture.open(another: true)
            let greeting = try #require(try await fixture.messages(of: conversation).first)
            let turn = try await fixture.turn("One", "uno", in: conversation)
            let cases: [(String?, Message.ID, Conversation, Fault.Code)] = [
                (nil, greeting.id, conversation, .invalid), ("x", turn.answer, conversation, .invalid),
                ("x", Message.ID(), conversation, .missing), (nil, turn.answer, other, .missing),
                (nil, Message.ID(), conversation, .missing), ("a\u{0}b", turn.question, conversation, .invalid),
            ]
            for (text, message, conversation, code) in cases {
                do {
                    _ = try await fixture.send(text, insteadOf: message, in: conversation)
                    Issue.record("\(text ?? "regenerate") was accepted.")
                } catch let fault as Fault {
                    #expect(fault.code == code)
                }
            }
            let messages = try await fixture.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `branches of another user cannot be listed, selected or created`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let turn = try await fixture.turn("One", "uno", in: conversation)
            let (id, stranger) = (conversation.id, fixture.context("mallory"))
            let start = Runs.Start(conversation: id, content: nil, insteadOf: turn.answer, key: "k")
            let attempts: [() async throws -> Void] = [
                { _ = try await fixture.bus.call(Messages.Siblings(conversation: id, message: turn.answer), stranger) },
                {
                    _ = try await fixture.bus.call(
                        Messages.Select(conversation: id, message: turn.answer, limit: 1),
                        stranger
                    )
                },
                { _ = try await fixture.bus.call(Runs.Complete(start), stranger) },
            ]
            for attempt in attempts {
                do {
                    try await attempt()
                    Issue.record("Another user was allowed to do it.")
                } catch let fault as Fault {
                    #expect(fault.code == .forbidden)
                }
            }
            let other = try await fixture.open("mallory")
            let borrowed = Messages.Siblings(conversation: other.id, message: turn.answer)
            do {
                _ = try await fixture.bus.call(borrowed, stranger)
                Issue.record("A message of another conversation was found.")
            } catch let fault as Fault {
                #expect(fault.code == .missing)
            }
            #expect(try await fixture.texts(of: conversation) == ["One", "uno"])
            #expect(fixture.inference.requests.count == 1)
        }
    }

    @Test func `deleting a conversation deletes all its branches`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            _ = try await fixture.send(nil, insteadOf: first.answer, in: conversation, key: "k")
            _ = try await fixture.send("Uno", insteadOf: first.question, in: conversation)
            let deleted = try await fixture.bus.call(Conversations.Delete(id: conversation.id), fixture.context())
            #expect(deleted.messageCount == 6)
        }
    }
}
