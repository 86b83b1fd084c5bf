import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Provider metadata, attempts and refusals are stored with run and message.
@Suite(.timeLimit(.minutes(5))) struct ProviderMetadataTests {
    private static let signature = RawJSON(#"{"google":{"thought_signature":"c2ln"}}"#)
    private static let attempts = [
        Attempt(model: "a/b", outcome: .failed, code: .unavailable, status: 503, milliseconds: 5),
        Attempt(model: "scripted/model", outcome: .answered, milliseconds: 7),
    ]

    @Test func `provider metadata is stored with the answer and sent with the next prompt`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let finish = Inference.Finish(
                reason: .stop,
                model: "scripted/model",
                usage: nil,
                metadata: Self.signature
            )
            fixture.inference.play([.text("Hi."), .event(Inference.Event(finish: finish))])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.assistantMessage?.metadata == Self.signature)
            _ = try await fixture.send("And now?", in: conversation)
            let shown = try #require(fixture.inference.requests.last?.messages)
            #expect(shown.first { $0.text == "Hi." }?.metadata == Self.signature)
            let stored = try await fixture.messages(of: conversation)
            #expect(stored.filter { $0.metadata != nil }.count == 2)
        }
    }

    @Test func `the run reports its attempts, whether it succeeds or fails`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            var begin = Inference.Event()
            begin.begin = Inference.Begin(model: "scripted/model", attempts: Self.attempts)
            fixture.inference.play([.event(begin), .text("Hi."), .finish])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.attempts == Self.attempts)
            let found = try await fixture.find(turn.run, of: conversation)
            #expect(found.attempts == Self.attempts)
            var fault = Fault(.unavailable, "All are down.")
            fault.attempts = [Self.attempts[0]]
            fixture.inference.reject(fault)
            let failed = try await fixture.send("Again", in: conversation)
            #expect(failed.end.status == .failed)
            #expect(failed.end.attempts == fault.attempts)
            #expect(failed.end.fault?.attempts == nil)
        }
    }

    @Test func `a refusal is stored as the answer`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            var refusal = Inference.Event()
            refusal.refusal = "I must not say."
            let finish = Inference.Finish(reason: .contentFilter, model: "scripted/model", usage: nil)
            fixture.inference.play([.event(refusal), .event(Inference.Event(finish: finish))])
            let turn = try await fixture.send("Hello", in: conversation)
            #expect(turn.end.status == .completed)
            #expect(turn.end.assistantMessage?.content.text == "I must not say.")
        }
    }
}
