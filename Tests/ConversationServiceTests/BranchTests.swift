import Bus
import Contracts
import TestSupport
import Testing

/// A conversation is a tree with a selected path: nothing that was said is ever overwritten.
@Suite(.timeLimit(.minutes(1)))
struct BranchTests {
    @Test func `an answer made again stands beside the first, and the path goes through the new one`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            _ = try await stage.turn("Two", "due", in: conversation)
            stage.inference.play([.text("eins"), .finish])
            let again = try await stage.say(nil, insteadOf: first.answer, in: conversation)
            #expect(again.userMessage.id == first.question)
            #expect(again.end.assistantMessage?.branch == Message.Branch(index: 1, count: 2))
            #expect(again.end.assistantMessage?.parent == first.question)
            #expect(try await stage.texts(of: conversation) == ["One", "eins"])
            #expect(stage.shown() == ["One"])
            let siblings = try await stage.siblings(of: first.answer, in: conversation)
            #expect(siblings.map(\.content.text) == ["uno", "eins"])
            #expect(siblings.map(\.branch?.index) == [0, 1])
        }
    }

    @Test func `a question put in another way stands beside the first, with answers of its own`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            _ = try await stage.turn("One", "uno", in: conversation)
            let second = try await stage.turn("Two", "due", in: conversation)
            _ = try await stage.turn("Three", "tre", in: conversation)
            stage.inference.play([.text("zwei"), .finish])
            let edited = try await stage.say("Two, please", insteadOf: second.question, in: conversation)
            #expect(edited.userMessage.branch == Message.Branch(index: 1, count: 2))
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two, please", "zwei"])
            #expect(stage.shown() == ["One", "uno", "Two, please"])
            let siblings = try await stage.siblings(of: edited.userMessage.id, in: conversation)
            #expect(siblings.map(\.content.text) == ["Two", "Two, please"])
            let again = try await stage.say("Two!", insteadOf: edited.userMessage.id, in: conversation)
            #expect(again.userMessage.branch == Message.Branch(index: 2, count: 3))
            #expect(again.userMessage.parent == edited.userMessage.parent)
        }
    }

    @Test func `selecting a message brings back the path as it last went through it`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            let second = try await stage.turn("Two", "due", in: conversation)
            _ = try await stage.turn("Three", "tre", in: conversation)
            stage.inference.play([.text("zwei"), .finish])
            let again = try await stage.say(nil, insteadOf: second.answer, in: conversation)
            _ = try await stage.turn("Drei?", "drei", in: conversation)
            stage.inference.play([.text("eins"), .finish])
            _ = try await stage.say("Eins", insteadOf: first.question, in: conversation)
            #expect(try await stage.texts(of: conversation) == ["Eins", "eins"])
            try await stage.select(second.answer, in: conversation)
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "due", "Three", "tre"])
            try await stage.select(first.question, in: conversation)
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "due", "Three", "tre"])
            let other = try #require(again.end.assistantMessage)
            try await stage.select(other.id, in: conversation)
            let all = try await stage.messages(of: conversation)
            #expect(all.suffix(6).map(\.content.text) == ["One", "uno", "Two", "zwei", "Drei?", "drei"])
            #expect(all.suffix(3).first?.branch == Message.Branch(index: 1, count: 2))
            _ = try await stage.turn("Vier?", "vier", in: conversation)
            #expect(stage.shown() == ["One", "uno", "Two", "zwei", "Drei?", "drei", "Vier?"])
        }
    }

    @Test func `when no other answer can be made, the first one is shown again`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            _ = try await stage.turn("Two", "due", in: conversation)
            stage.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await stage.say(nil, insteadOf: first.answer, in: conversation)
            #expect(failed.end.status == .failed)
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "due"])
            #expect(try await stage.messages(of: conversation).allSatisfy { $0.status == .completed })
            let total = try await stage.open().messageCount
            let messages = try await stage.messages(of: conversation)
            #expect(total == messages.count)
        }
    }

    @Test func `a question without an answer is answered in its place, and what came after stays`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            stage.inference.play([.fail(Fault(.provider, "No."))])
            let failed = try await stage.say("One", in: conversation)
            #expect(try await stage.messages(of: conversation).last?.status == .failed)
            _ = try await stage.turn("Two", "due", in: conversation)
            stage.inference.play([.text("uno"), .finish])
            let again = try await stage.say(nil, insteadOf: failed.userMessage.id, in: conversation)
            #expect(again.end.assistantMessage?.branch == nil)
            #expect(stage.shown() == ["One"])
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "due"])
            #expect(try await stage.messages(of: conversation).allSatisfy { $0.status == .completed })
            _ = try await stage.turn("Three", "tre", in: conversation)
            #expect(stage.shown() == ["One", "uno", "Two", "due", "Three"])
        }
    }

    @Test func `a message said while an answer is made again waits, and follows the new one`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            stage.inference.play([.text("eins"), .pause(.milliseconds(200)), .finish])
            async let again = stage.say(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The second generation") { stage.inference.requests.count == 2 }
            let next = try await stage.say("Two", in: conversation)
            _ = try await again
            #expect(next.end.status == .completed)
            #expect(stage.shown() == ["One", "eins", "Two"])
            let texts = try await stage.texts(of: conversation)
            #expect(texts == ["One", "eins", "Two", "eins"])
        }
    }

    @Test func `the events of every run can be read again as they were told, whatever came after`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.collect(stage.start("One", in: conversation))
            let question = try #require(first.first?.userMessage)
            let answer = try #require(first.last?.end?.assistantMessage)
            let edit = Runs.Start(
                conversation: conversation.id,
                content: Message.Content(text: "Uno"),
                insteadOf: question.id
            )
            let edited = try await stage.collect(stage.bus.stream(edit, stage.context()))
            let regenerate = Runs.Start(conversation: conversation.id, content: nil, insteadOf: answer.id)
            let again = try await stage.collect(stage.bus.stream(regenerate, stage.context()))
            for told in [first, edited, again] {
                let run = try #require(told.first?.userMessage?.run)
                let follow = Runs.Follow(conversation: conversation.id, run: run, after: 0)
                let read = try await stage.collect(stage.bus.stream(follow, stage.context()))
                #expect(read == told)
            }
            #expect(again.first?.userMessage?.id == question.id)
        }
    }

    @Test func `what cannot be a branch is refused with a sentence`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let other = try await stage.open(another: true)
            let greeting = try #require(try await stage.messages(of: conversation).first)
            let turn = try await stage.turn("One", "uno", in: conversation)
            let cases: [(String?, Message.ID, Conversation, Fault.Code)] = [
                (nil, greeting.id, conversation, .invalid), ("x", turn.answer, conversation, .invalid),
                ("x", Message.ID(), conversation, .missing), (nil, turn.answer, other, .missing),
                (nil, Message.ID(), conversation, .missing), ("a\u{0}b", turn.question, conversation, .invalid),
            ]
            for (text, message, conversation, code) in cases {
                do {
                    _ = try await stage.say(text, insteadOf: message, in: conversation)
                    Issue.record("\(text ?? "regenerate") was accepted.")
                } catch let fault as Fault {
                    #expect(fault.code == code)
                }
            }
            let messages = try await stage.messages(of: conversation)
            #expect(messages.count == 3)
        }
    }

    @Test func `somebody else's branches can be neither seen nor chosen nor made`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let turn = try await stage.turn("One", "uno", in: conversation)
            let (id, stranger) = (conversation.id, stage.context("mallory"))
            let start = Runs.Start(conversation: id, content: nil, insteadOf: turn.answer, key: "k")
            let attempts: [() async throws -> Void] = [
                { _ = try await stage.bus.call(Messages.Siblings(conversation: id, message: turn.answer), stranger) },
                {
                    _ = try await stage.bus.call(
                        Messages.Select(conversation: id, message: turn.answer, limit: 1),
                        stranger
                    )
                },
                { _ = try await stage.bus.call(Runs.Complete(start), stranger) },
            ]
            for attempt in attempts {
                do {
                    try await attempt()
                    Issue.record("A stranger was let in.")
                } catch let fault as Fault {
                    #expect(fault.code == .forbidden)
                }
            }
            let other = try await stage.open("mallory")
            let borrowed = Messages.Siblings(conversation: other.id, message: turn.answer)
            do {
                _ = try await stage.bus.call(borrowed, stranger)
                Issue.record("A message was found in a conversation that it is not in.")
            } catch let fault as Fault {
                #expect(fault.code == .missing)
            }
            #expect(try await stage.texts(of: conversation) == ["One", "uno"])
            #expect(stage.inference.requests.count == 1)
        }
    }

    @Test func `deleting a conversation deletes all its branches`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            _ = try await stage.say(nil, insteadOf: first.answer, in: conversation, key: "k")
            _ = try await stage.say("Uno", insteadOf: first.question, in: conversation)
            let deleted = try await stage.bus.call(Conversations.Delete(id: conversation.id), stage.context())
            #expect(deleted.messageCount == 6)
        }
    }
}
