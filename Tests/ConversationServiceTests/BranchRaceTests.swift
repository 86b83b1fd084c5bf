import Bus
import Contracts
import TestSupport
import Testing

/// Branches are made, chosen and given up while answers are being made.
@Suite(.timeLimit(.minutes(1)))
struct BranchRaceTests {
    private static let slow: [ScriptedInference.Step] = [.pause(.milliseconds(250)), .text("late"), .finish]

    @Test func `a new answer does not push its way onto a path that was made to go elsewhere`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            _ = try await stage.turn("Two", "due", in: conversation)
            stage.inference.play(Self.slow)
            async let again = stage.say(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The question") { stage.inference.requests.count == 3 }
            try await stage.select(first.answer, in: conversation)
            let late = try #require(try await again.end.assistantMessage)
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "due"])
            _ = try await stage.turn("Three", "tre", in: conversation)
            #expect(stage.shown() == ["One", "uno", "Two", "due", "Three"])
            try await stage.select(late.id, in: conversation)
            let texts = try await stage.texts(of: conversation)
            #expect(texts == ["One", "late"])
        }
    }

    @Test func `the second of two new answers leaves alone what goes on from the first`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            stage.inference.play([.pause(.milliseconds(150)), .text("eins"), .finish])
            async let one = stage.say(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The first question") { stage.inference.requests.count == 2 }
            async let other = stage.say(nil, insteadOf: first.answer, in: conversation)
            let answer = try #require(try await one.end.assistantMessage)
            let next = try await stage.say("Two", in: conversation)
            _ = try await other
            let all = try await stage.messages(of: conversation)
            for (message, following) in zip(all, all.dropFirst()) where following.parent != message.id {
                #expect(following.parent == message.parent, "\(following.content.text)")
            }
            #expect(next.userMessage.parent == answer.id || next.userMessage.parent == first.question)
            #expect(stage.shown() == all.dropFirst().dropLast().map(\.content.text))
        }
    }

    @Test func `a regenerate that is stopped while it waits gives the path back`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            _ = try await stage.turn("Two", "due", in: conversation)
            stage.inference.play(Self.slow)
            async let third = stage.say("Three", in: conversation)
            try await eventually("The third question") { stage.inference.requests.count == 3 }
            let request = Runs.Start(conversation: conversation.id, content: nil, insteadOf: first.answer)
            let waiting = try await stage.bus.stream(request, stage.context())
            let run = try #require(try await waiting.nextBatch()?.first?.userMessage?.run)
            _ = try await stage.bus.call(Runs.Cancel(conversation: conversation.id, run: run), stage.context())
            _ = try await third
            let texts = try await stage.texts(of: conversation)
            #expect(texts == ["One", "uno", "Two", "due", "Three", "late"])
        }
    }

    @Test func `a regenerate that fails after the conversation went on puts the former answer back in its place`()
        async throws
    {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let first = try await stage.turn("One", "uno", in: conversation)
            stage.inference.play([.pause(.milliseconds(250)), .fail(Fault(.cut, "It broke off."))])
            async let again = stage.say(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The question") { stage.inference.requests.count == 2 }
            async let second = stage.say("Two", in: conversation)
            try await eventually("The second message") { try await stage.texts(of: conversation) == ["One", "Two"] }
            stage.inference.play([.text("due"), .finish])
            #expect(try await again.end.status == .interrupted)
            _ = try await second
            let texts = try await stage.texts(of: conversation)
            #expect(texts == ["One", "uno", "Two", "due"])
        }
    }

    @Test func `what was said before an answer came goes on from that answer alone`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            stage.inference.play([.pause(.milliseconds(250)), .text("uno"), .finish])
            async let one = stage.say("One", in: conversation)
            try await eventually("The question") { stage.inference.requests.count == 1 }
            async let two = stage.say("Two", in: conversation)
            let answer = try #require(try await one.end.assistantMessage)
            _ = try await two
            stage.inference.play([.text("eins"), .finish])
            let again = try #require(
                try await stage.say(nil, insteadOf: answer.id, in: conversation).end.assistantMessage
            )
            #expect(try await stage.texts(of: conversation) == ["One", "eins"])
            try await stage.select(answer.id, in: conversation)
            #expect(try await stage.texts(of: conversation) == ["One", "uno", "Two", "uno"])
            _ = try await stage.turn("Three", "tre", in: conversation)
            #expect(stage.shown() == ["One", "uno", "Two", "uno", "Three"])
            try await stage.select(again.id, in: conversation)
            #expect(try await stage.texts(of: conversation) == ["One", "eins"])
            _ = try await stage.turn("Four", "quattro", in: conversation)
            #expect(stage.shown() == ["One", "eins", "Four"])
        }
    }

    @Test func `what is sent at once is answered in the order in which it stands`() async throws {
        try await Stage.with(settings: ["MAX_CONCURRENT_RUNS": "0"]) { stage in
            for _ in 0..<25 {
                let conversation = try await stage.open(another: true)
                let before = stage.inference.requests.count
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<6 {
                        group.addTask { _ = try await stage.say("\(number)", in: conversation) }
                    }
                    try await group.waitForAll()
                }
                let asked = stage.inference.requests.dropFirst(before).map { $0.messages.last?.text }
                let path = try await stage.messages(of: conversation).filter { $0.role == .user }.map(\.content.text)
                #expect(asked == path)
            }
        }
    }
}
