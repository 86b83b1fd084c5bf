import Bus
import Contracts
import TestSupport
import Testing

/// Quotas apply to each model call of a run with tools.
@Suite(.timeLimit(.minutes(5)))
struct QuotaRoundTests {
    private static let options = Run.Options(maxTokens: 50, tools: ["recall_memory"])

    /// A model call that calls a tool and has this usage.
    private static func calling(_ id: String, promptTokens: Int, cost: Int? = nil) -> [ScriptedInference.Step] {
        var event = Inference.Event()
        let arguments = #"{"query":"tea \#(id)","memory":"tea \#(id)","prompt":"tea \#(id)"}"#
        event.toolCalls = [Inference.ToolCallDelta(index: 0, id: id, name: "recall_memory", arguments: arguments)]
        let usage = Usage(promptTokens: promptTokens, completionTokens: 7, isEstimated: false, cost: cost)
        let finish = Inference.Finish(reason: .toolCalls, model: "scripted/model", usage: usage)
        return [.event(event), .event(Inference.Event(finish: finish))]
    }

    private func ask(_ fixture: Fixture, _ options: Run.Options = options) async throws -> (Turn, Conversation) {
        let conversation = try await fixture.open(another: true)
        let start = Runs.Start(
            conversation: conversation.id,
            content: Message.Content(text: "Hello"),
            options: options
        )
        return (try await fixture.bus.call(Runs.Complete(start), fixture.context()), conversation)
    }

    @Test func `an exhausted token quota ends the run before the next call, and keeps what is stored`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, tokens: 10_000))
            fixture.inference.play(each: [
                Self.calling("a", promptTokens: 4000), Self.calling("b", promptTokens: 5900), [.text("Tea."), .finish],
            ])
            let (turn, conversation) = try await ask(fixture)
            #expect(turn.end.status == .interrupted && turn.end.fault?.code == .quotaExceeded)
            let message = turn.end.fault?.message ?? ""
            #expect(message.contains("10000 tokens") && message.contains("are stored"), "\(message)")
            #expect(fixture.inference.requests.count == 2)
            let roles = try await fixture.messages(of: conversation).suffix(5).map(\.role)
            #expect(roles == [.user, .assistant, .tool, .assistant, .tool])
            let status = try await fixture.quotaStatus()
            #expect(status.used.tokens == 9914 && status.used.requests == 1 && status.reserved == Usage.Total())
        }
    }

    @Test func `an exhausted cost quota ends the run before the next call`() async throws {
        try await Fixture.with { fixture in
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 1), usage: nil)
            try await fixture.setQuota(Quota(period: .day, cost: 10_000))
            fixture.inference.play(each: [Self.calling("a", promptTokens: 9990, cost: 9997), [.text("Tea."), .finish]])
            let (turn, _) = try await ask(fixture)
            #expect(turn.end.status == .interrupted && turn.end.fault?.code == .quotaExceeded)
            #expect(fixture.inference.requests.count == 1)
            #expect(try await fixture.quotaStatus().used.cost == 9997)
        }
    }

    @Test func `the reservation of a run grows with its calls, and is one request`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 1, tokens: 20_000, concurrentRuns: 1))
            fixture.inference.play(each: [
                Self.calling("a", promptTokens: 4000), Self.calling("b", promptTokens: 4100),
                [.hold, .text("Tea."), .finish],
            ])
            async let asked = ask(fixture, Run.Options(tools: ["recall_memory"]))
            try await eventually("The third call") { fixture.inference.requests.count == 3 }
            let reserved = try await fixture.quotaStatus().reserved
            #expect(reserved.requests == 1 && reserved.tokens > 8114)
            let limits = fixture.inference.requests.map { $0.options.maxTokens ?? .max }
            #expect(limits[2] <= (20_000 - 8114) / 4 && limits[2] < limits[0], "\(limits)")
            fixture.inference.release()
            let (turn, _) = try await asked
            #expect(turn.end.status == .completed)
            let status = try await fixture.quotaStatus()
            #expect(status.used.requests == 1 && status.reserved == Usage.Total())
        }
    }

    @Test func `a quota that is set during a run applies to its next call`() async throws {
        try await Fixture.with { fixture in
            fixture.inference.play(each: [
                [.hold] + Self.calling("a", promptTokens: 4000), [.text("Tea."), .finish],
            ])
            async let asked = ask(fixture)
            try await eventually("The first call") { fixture.inference.requests.count == 1 }
            try await fixture.setQuota(Quota(period: .day, tokens: 4000))
            fixture.inference.release()
            let (turn, _) = try await asked
            #expect(turn.end.fault?.code == .quotaExceeded && fixture.inference.requests.count == 1)
        }
    }
}
