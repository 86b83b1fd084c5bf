import Bus
import Contracts
import TestSupport
import Testing

/// A fallback model answers instead of the one that was asked.
@Suite(.timeLimit(.minutes(5)))
struct FallbackModelTests {
    private static let price = Model.Price(prompt: 10, completion: 100)

    private static var begin: ScriptedInference.Step {
        var event = Inference.Event()
        let failed = Attempt(model: "scripted/model", outcome: .failed, code: .unavailable, milliseconds: 1)
        let answered = Attempt(model: "other/model", outcome: .answered, milliseconds: 1)
        event.begin = Inference.Begin(model: "other/model", attempts: [failed, answered])
        return .event(event)
    }

    private func prepare(_ fixture: Fixture, _ last: ScriptedInference.Step) {
        fixture.inference.setPrice(Model.Price(prompt: 1, completion: 1), usage: nil)
        fixture.inference.addModel(Model(name: "other/model", window: 8192, price: Self.price))
        fixture.inference.play([Self.begin, .text("So far"), last])
    }

    /// Expects that the run belongs to the fallback model and is charged at its price.
    private func check(_ end: Run.End, _ run: Run.ID, of conversation: Conversation, _ fixture: Fixture) async throws {
        #expect(end.model == "other/model")
        #expect(end.attempts?.map(\.model) == ["scripted/model", "other/model"])
        let usage = try #require(end.usage)
        #expect(
            usage.cost
                == Self.price.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        )
        #expect(try await fixture.find(run, of: conversation).model == "other/model")
        let today = Day(.now())
        let report = Usage.Report(from: Day(number: today.number - 1), to: today, groups: [.model])
        #expect(try await fixture.bus.call(report, fixture.context()).lines.map(\.model) == ["other/model"])
    }

    @Test func `an answer of a fallback that is stopped is stored and charged as the fallback's`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            prepare(fixture, .hang)
            let stream = try await fixture.start("Hello", in: conversation)
            var events: [Run.Event] = []
            while events.count < 2, let batch = try await stream.nextBatch() { events += batch }
            let run = try #require(events.first?.userMessage?.run)
            #expect(try await fixture.find(run, of: conversation).model == "other/model")
            _ = try await fixture.bus.call(Runs.Cancel(conversation: conversation.id, run: run), fixture.context())
            events += try await fixture.collect(stream)
            let end = try #require(events.last?.end)
            #expect(end.status == .stopped)
            try await check(end, run, of: conversation, fixture)
        }
    }

    @Test func `an answer of a fallback that is cut is stored and charged as the fallback's`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            prepare(fixture, .fail(Fault(.cut, "It broke off.")))
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .interrupted)
            try await check(turn.end, turn.run, of: conversation, fixture)
        }
    }
}
