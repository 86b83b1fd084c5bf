import Contracts
import TestSupport
import Testing

/// The maximum duration of a run.
@Suite(.timeLimit(.minutes(5)))
struct RunTimeoutTests {
    @Test func `a run ends although inference-svc keeps its stream open without an end`() async throws {
        try await Fixture.with(settings: ["RUN_TIMEOUT": "1s"]) { fixture in
            fixture.inference.play([.text("So far"), .hang])
            let turn = try await fixture.send("Hello", in: try await fixture.open())
            #expect(turn.end.status == .interrupted)
            #expect(turn.end.fault?.code == .timeout)
            #expect(turn.end.assistantMessage?.content.text == "So far")
            try await eventually("The end of the call of inference-svc") { fixture.inference.closed == 1 }
        }
    }
}
