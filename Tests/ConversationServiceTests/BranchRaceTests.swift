import Bus
import Contracts
import TestSupport
import Testing

/// Branches are created, selected and abandoned during generations.
@Suite(.timeLimit(.minutes(5)))
struct BranchRaceTests {
    private static let slow: [ScriptedInference.Step] = [.hold, .text("late"), .finish]

    @Test func `a regenerated answer does not change a path that was changed during its generation`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            _ = try await fixture.turn("Two", "due", in: conversation)
            fixture.inference.play(Self.slow)
            async let again = fixture.send(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The question") { fixture.inference.requests.count == 3 }
            try await fixture.select(first.answer, in: conversation)
            fixture.inference.release()
            let late = try #require(try await again.end.assistantMessage)
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "due"])
            _ = try await fixture.turn("Three", "tre", in: conversation)
            #expect(fixture.promptTexts() == ["One", "uno", "Two", "due", "Three"])
            try await fixture.select(late.id, in: conversation)
            let texts = try await fixture.texts(of: conversation)
            #expect(texts == ["One", "late"])
        }
    }

    @Test func `the second of two regenerated answers does not replace the first if the path continues from it`()
        async throws
    {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            fixture.inference.play([.hold, .text("eins"), .finish])
            async let one = fixture.send(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The first question") { fixture.inference.requests.count == 2 }
            let second = Runs.Start(conversation: conversation.id, content: nil, insteadOf: first.answer)
            let other = try await fixture.bus.stream(second, fixture.context())
            _ = try await other.nextBatch()
            fixture.inference.release(1)
            let answer = try #require(try await one.end.assistantMessage)
            let following = try await fixture.start("Two", in: conversation)
            let question = try #require(try await following.nextBatch()?.first?.userMessage)
            fixture.inference.release()
            while try await other.nextBatch() != nil {}
            while try await following.nextBatch() != nil {}
            let all = try await fixture.messages(of: conversation)
            for (message, following) in zip(all, all.dropFirst()) where following.parent != message.id {
                #expect(following.parent == message.parent, "\(following.content.text)")
            }
            #expect(question.parent == answer.id || question.parent == first.question)
            #expect(fixture.promptTexts() == all.dropFirst().dropLast().map(\.content.text))
        }
    }

    @Test func `a regeneration that is stopped while queued restores the path`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            _ = try await fixture.turn("Two", "due", in: conversation)
            fixture.inference.play(Self.slow)
            async let third = fixture.send("Three", in: conversation)
            try await eventually("The third question") { fixture.inference.requests.count == 3 }
            let request = Runs.Start(conversation: conversation.id, content: nil, insteadOf: first.answer)
            let waiting = try await fixture.bus.stream(request, fixture.context())
            let run = try #require(try await waiting.nextBatch()?.first?.userMessage?.run)
            _ = try await fixture.bus.call(Runs.Cancel(conversation: conversation.id, run: run), fixture.context())
            fixture.inference.release()
            _ = try await third
            let texts = try await fixture.texts(of: conversation)
            #expect(texts == ["One", "uno", "Two", "due", "Three", "late"])
        }
    }

    @Test func `a failed regeneration restores the previous answer even if the conversation was continued`()
        async throws
    {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let first = try await fixture.turn("One", "uno", in: conversation)
            fixture.inference.play([.hold, .fail(Fault(.cut, "It broke off."))])
            async let again = fixture.send(nil, insteadOf: first.answer, in: conversation)
            try await eventually("The question") { fixture.inference.requests.count == 2 }
            async let second = fixture.send("Two", in: conversation)
            try await eventually("The second message") { try await fixture.texts(of: conversation) == ["One", "Two"] }
            fixture.inference.play([.text("due"), .finish])
            fixture.inference.release()
            #expect(try await again.end.status == .interrupted)
            _ = try await second
            let texts = try await fixture.texts(of: conversation)
            #expect(texts == ["One", "uno", "Two", "due"])
        }
    }

    @Test func `a message queued before an answer was stored continues from that answer only`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.hold, .text("uno"), .finish])
            async let one = fixture.send("One", in: conversation)
            try await eventually("The question") { fixture.inference.requests.count == 1 }
            async let two = fixture.send("Two", in: conversation)
            try await eventually("The second message") { try await fixture.texts(of: conversation) == ["One", "Two"] }
            fixture.inference.release()
            let answer = try #require(try await one.end.assistantMessage)
            _ = try await two
            fixture.inference.play([.text("eins"), .finish])
            let again = try #require(
                try await fixture.send(nil, insteadOf: answer.id, in: conversation).end.assistantMessage
            )
            #expect(try await fixture.texts(of: conversation) == ["One", "eins"])
            try await fixture.select(answer.id, in: conversation)
            #expect(try await fixture.texts(of: conversation) == ["One", "uno", "Two", "uno"])
            _ = try await fixture.turn("Three", "tre", in: conversation)
            #expect(fixture.promptTexts() == ["One", "uno", "Two", "uno", "Three"])
            try await fixture.select(again.id, in: conversation)
            #expect(try await fixture.texts(of: conversation) == ["One", "eins"])
            _ = try await fixture.turn("Four", "quattro", in: conversation)
            #expect(fixture.promptTexts() == ["One", "eins", "Four"])
        }
    }

    @Test func `concurrent messages are answered in the order of their positions`() async throws {
        try await Fixture.with(settings: ["MAX_CONCURRENT_RUNS": "0"]) { fixture in
            for _ in 0..<25 {
                let conversation = try await fixture.open(another: true)
                let before = fixture.inference.requests.count
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<6 {
                        group.addTask { _ = try await fixture.send("\(number)", in: conversation) }
                    }
                    try await group.waitForAll()
                }
                let asked = fixture.inference.requests.dropFirst(before).map { $0.messages.last?.text }
                let path = try await fixture.messages(of: conversation).filter { $0.role == .user }.map(\.content.text)
                #expect(asked == path)
            }
        }
    }
}
