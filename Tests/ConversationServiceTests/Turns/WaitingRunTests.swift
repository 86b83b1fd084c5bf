import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Runs whose answer is waited for: the stream is open, and its events say only why.
@Suite(.timeLimit(.minutes(5)))
struct WaitingRunTests {
    private static func progress(_ position: Int? = nil, _ attempt: Attempt? = nil) -> ScriptedInference.Step {
        var event = Inference.Event()
        event.progress = Inference.Progress(queuePosition: position, attempt: attempt)
        return .event(event)
    }

    private static func attempt(_ outcome: Attempt.Outcome) -> Attempt {
        Attempt(model: "scripted/model", outcome: outcome, code: .timeout, milliseconds: 1)
    }

    private static var begin: ScriptedInference.Step {
        var event = Inference.Event(text: "Hel")
        event.begin = Inference.Begin(model: "scripted/model", attempts: [attempt(.failed), attempt(.answered)])
        return .event(event)
    }

    @Test func `events before the answer are no part of it`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            fixture.inference.play([
                Self.progress(2), Self.progress(1), Self.progress(), Self.progress(nil, Self.attempt(.failed)),
                Self.begin, .text("lo."), .finish,
            ])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .completed)
            #expect(turn.end.attempts?.map(\.outcome) == [.failed, .answered])
            #expect(try await fixture.messages(of: conversation).last?.content.text == "Hello.")
            #expect(fixture.inference.requests.last?.session == conversation.id.description)
        }
    }

    @Test(arguments: [Attempt.Outcome.refused, .skipped])
    func `a request that was never sent costs nothing`(_ outcome: Attempt.Outcome) async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            var fault = Fault(.timeout, "It waited too long.")
            fault.attempts = [Self.attempt(outcome)]
            fixture.inference.play([Self.progress(1), .fail(fault)])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .interrupted)
            #expect(turn.end.usage == nil)
        }
    }

    @Test func `a timeout of a request that was sent is estimated`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            var fault = Fault(.timeout, "There was no first token.")
            fault.attempts = [Self.attempt(.failed)]
            fixture.inference.play([Self.progress(), .fail(fault)])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.usage?.isEstimated == true)
        }
    }

    @Test func `a run that is stopped in a queue costs nothing, and one that is stopped later may`() {
        for (places, isCalled) in [([1], false), ([1, 0], false), ([0, nil], true), ([], true)] as [([Int?], Bool)] {
            var state = RunState(arrival: .now)
            for place in places { state.wait(Inference.Progress(queuePosition: place)) }
            state.wait(Inference.Progress(attempt: Self.attempt(.failed)))
            state.endWait(after: CancellationError(), isStopped: true)
            #expect(state.wasProviderCalled == isCalled, "\(places)")
        }
    }
}
