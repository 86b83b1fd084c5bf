import Bus
import Contracts
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RunTests {
    @Test func `a turn stores question and answer and reports usage and context`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let turn = try await fixture.send("Good morning", in: conversation)
            #expect(turn.end.status == .completed)
            #expect(turn.end.assistantMessage?.content.text == "Hello.")
            #expect(turn.end.usage == Usage(promptTokens: 10, completionTokens: 2, isEstimated: false))
            #expect(turn.end.context?.messagesLeftOut == 0)
            let messages = try await fixture.messages(of: conversation)
            #expect(messages.suffix(2) == [turn.userMessage, turn.end.assistantMessage])
        }
    }

    @Test func `the prompt contains the persona, the history and the message once`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            _ = try await fixture.send("First", in: conversation)
            _ = try await fixture.send("Second", in: conversation)
            let request = try #require(fixture.inference.requests.last)
            #expect(request.messages.first?.role == .system)
            #expect(request.messages.first?.text.contains(conversation.persona.displayName) == true)
            #expect(request.messages.filter { $0.text == "Second" }.count == 1)
            #expect(request.messages.suffix(4).map(\.role) == [.assistant, .user, .assistant, .user].suffix(4))
            #expect(request.messages.last?.text == "Second")
        }
    }

    @Test func `a started run streams its events, numbered from one without gaps`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let events = try await collect(fixture.start("Hello", in: conversation))
            #expect(events.map(\.number) == Array(1...events.count))
            #expect(events.first?.userMessage?.content.text == "Hello")
            #expect(events.compactMap(\.text).joined() == "Hello.")
            #expect(events.last?.end?.status == .completed)
        }
    }

    @Test func `a run continues when its reader disconnects, and can be followed from any event`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("a"), .pause(.milliseconds(300)), .text("b"), .text("c\n\"d\""), .finish])
            let stream = try await fixture.start("Hello", in: conversation)
            let first = try #require(try await stream.nextBatch()?.first)
            let run = try #require(first.userMessage?.run)
            stream.close()
            let live = try await collect(follow(run, of: conversation, after: 1, on: fixture))
            #expect(live.first?.number == 2)
            #expect(live.compactMap(\.text).joined() == "abc\n\"d\"")
            try await eventually("The run's end") { try await find(run, of: conversation, on: fixture).status.isFinal }
            let stored = try await collect(follow(run, of: conversation, after: 0, on: fixture))
            #expect(stored.first == first)
            #expect(Array(stored.dropFirst()) == live)
            for number in 0...stored.count {
                let rest = try await collect(follow(run, of: conversation, after: number, on: fixture))
                #expect(rest == Array(stored.dropFirst(number)))
            }
        }
    }

    @Test func `two readers receive the same events`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play((0..<40).map { .text("word\($0) ") } + [.pause(.milliseconds(50)), .finish])
            let stream = try await fixture.start("Hello", in: conversation)
            let first = try #require(try await stream.nextBatch())
            let run = try #require(first.first?.userMessage?.run)
            async let other = collect(follow(run, of: conversation, after: 0, on: fixture))
            let rest = try await collect(stream)
            let seen = try await other
            #expect(seen == first + rest)
        }
    }

    @Test(arguments: [Fault.Code.cut, .timeout, .provider, .unavailable])
    func `a failed generation keeps its text; cuts and timeouts are interrupted, other faults are failed`(
        code: Fault.Code
    ) async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("So far"), .fail(Fault(code, "It broke."))])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == (code == .cut || code == .timeout ? .interrupted : .failed))
            #expect(turn.end.assistantMessage?.content.text == "So far")
            #expect(turn.end.fault?.code == code)
            #expect(try await fixture.messages(of: conversation).last?.status == turn.end.status)
        }
    }

    @Test func `an error after the finish event does not change the result`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("All of it"), .finish, .fail(Fault(.cut, "It broke."))])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .completed)
            #expect(turn.end.fault == nil)
        }
    }

    @Test func `a stream that ends without a finish event is interrupted`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("So far")])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .interrupted)
        }
    }

    @Test func `a failure before any text marks the question as failed and stores no answer`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.fail(Fault(.unavailable, "No provider answers."))])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .failed)
            #expect(turn.end.assistantMessage == nil)
            let last = try #require(try await fixture.messages(of: conversation).last)
            #expect(last.role == .user)
            #expect(last.status == .failed)
        }
    }

    @Test func `turns of one conversation run one at a time, in order`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.pause(.milliseconds(20)), .text("ok"), .finish])
            var streams: [ElementStream<Run.Event>] = []
            for index in 0..<6 { streams.append(try await fixture.start("message \(index)", in: conversation)) }
            for stream in streams { _ = try await collect(stream) }
            #expect(fixture.inference.requests.map { $0.messages.last?.text } == (0..<6).map { "message \($0)" })
            let said = try await fixture.messages(of: conversation).dropFirst().map(\.content.text)
            #expect(said == (0..<6).flatMap { ["message \($0)", "ok"] })
        }
    }

    @Test func `the number of concurrent runs of a user is limited`() async throws {
        try await withTemporaryDirectory { directory in
            try await Fixture.with(directory, settings: ["MAX_CONCURRENT_RUNS": "3"]) { fixture in
                let conversation = try await fixture.open()
                fixture.inference.play([.hang])
                for _ in 0..<3 { _ = try await fixture.start("Hello", in: conversation) }
                do {
                    _ = try await fixture.start("Hello", in: conversation)
                    Issue.record("A fourth run was accepted.")
                } catch let fault as Fault {
                    #expect(fault.code == .limited)
                    #expect(fault.retryAfter != nil)
                }
                let other = try await fixture.open("bob")
                _ = try await fixture.start("Hello", in: other, as: "bob")
            }
        }
    }

    @Test func `cancelling a run closes the provider's stream, keeps the text and is idempotent`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([.text("So far"), .hang])
            let stream = try await fixture.start("Hello", in: conversation)
            var events: [Run.Event] = []
            while events.count < 2, let batch = try await stream.nextBatch() { events += batch }
            let run = try #require(events.first?.userMessage?.run)
            let cancel = Runs.Cancel(conversation: conversation.id, run: run)
            let stopped = try await fixture.bus.call(cancel, fixture.context())
            #expect(stopped.status == .stopped)
            #expect(try await fixture.bus.call(cancel, fixture.context()) == stopped)
            try await eventually("The provider's end") { fixture.inference.closed == 1 }
            events += try await collect(stream)
            #expect(events.last?.end?.status == .stopped)
            #expect(try await fixture.messages(of: conversation).last?.content.text == "So far")
        }
    }

    private func collect(_ stream: ElementStream<Run.Event>) async throws -> [Run.Event] {
        var events: [Run.Event] = []
        while let batch = try await stream.nextBatch() { events += batch }
        return events
    }

    private func follow(
        _ run: Run.ID,
        of conversation: Conversation,
        after number: Int,
        on fixture: Fixture
    ) async throws -> ElementStream<Run.Event> {
        let request = Runs.Follow(conversation: conversation.id, run: run, after: number)
        return try await fixture.bus.stream(request, fixture.context())
    }

    private func find(_ run: Run.ID, of conversation: Conversation, on fixture: Fixture) async throws -> Run {
        try await fixture.bus.call(Runs.Find(conversation: conversation.id, run: run), fixture.context())
    }
}
