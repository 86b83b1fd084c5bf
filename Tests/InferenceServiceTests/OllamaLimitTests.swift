import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

@Suite(.timeLimit(.minutes(5))) struct OllamaLimitTests {
    private static let answer = FakeResponse.chat(["Hello", " there"])

    private func outcome(_ answer: FakeResponse, _ limits: GenerationTimeouts) async throws -> Outcome {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", answer)
            let outcome = try await routing(to: ollama.url, limits: limits).routing.outcome()
            try await eventually("The connection is left") { ollama.requests("/api/chat").allSatisfy(\.isAbandoned) }
            return outcome
        }
    }

    @Test func `a missing response head times out`() async throws {
        let limits = GenerationTimeouts(firstToken: .milliseconds(200))
        let fault = try await outcome(Self.answer.cut(after: 0, .stall), limits).fault
        #expect(fault?.code == .timeout)
        #expect(fault?.message.contains("0.2 seconds") == true)
        #expect(fault?.message.contains("FIRST_TOKEN_TIMEOUT") == true)
    }

    @Test func `a server that does not answer metadata requests does not extend the timeout`() async throws {
        try await withFakeOllama { ollama in
            for path in ["/api/show", "/api/chat"] { ollama.always(path, Self.answer.cut(after: 0, .stall)) }
            let start = ContinuousClock.now
            let limits = GenerationTimeouts(firstToken: .milliseconds(200))
            let outcome = try await routing(to: ollama.url, limits: limits).routing.outcome()
            #expect(outcome.fault?.code == .timeout)
            #expect(outcome.fault?.message.contains("0.2 seconds") == true)
            // Normally a twentieth of it.
            #expect(.now - start < ProviderClient.metadataTimeout)
        }
    }

    @Test func `a response without a first token times out`() async throws {
        let limits = GenerationTimeouts(firstToken: .milliseconds(200))
        let fault = try await outcome(Self.answer.cut(after: Self.answer.headLength, .stall), limits).fault
        #expect(fault?.code == .timeout)
        #expect(fault?.message.contains("FIRST_TOKEN_TIMEOUT") == true)
    }

    @Test func `a pause beyond the gap timeout ends the answer after its earlier text`() async throws {
        let lines = FakeResponse.chat(["Hello"], doneReason: nil)
        let limits = GenerationTimeouts(firstToken: .seconds(30), gap: .milliseconds(200))
        let outcome = try await outcome(lines.cut(after: lines.bytes.count - 5, .stall), limits)
        #expect(outcome.text == "Hello")
        #expect(outcome.fault?.code == .timeout)
        #expect(outcome.fault?.message.contains("sent nothing") == true)
    }

    @Test func `the duration of an answer is limited`() async throws {
        let endless = FakeResponse.chat(Array(repeating: "drip ", count: 2000)).lineByLine(pause: .milliseconds(5))
        let limits = GenerationTimeouts(gap: .seconds(30), whole: .seconds(5))
        let outcome = try await outcome(endless, limits)
        #expect(outcome.text.hasPrefix("drip "))
        #expect(outcome.fault?.code == .timeout)
        #expect(outcome.fault?.message.contains("RUN_TIMEOUT") == true)
    }

    @Test func `the caller's deadline limits the answer`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", Self.answer.cut(after: Self.answer.headLength, .stall))
            let context = CallContext(deadline: .now + .milliseconds(300))
            let outcome = try await routing(to: ollama.url).routing.outcome(question(), context)
            #expect(outcome.fault?.code == .timeout)
        }
    }

    @Test func `a missing end of the response is not waited for`() async throws {
        let whole = Self.answer.bytes.count
        let outcome = try await outcome(
            Self.answer.cut(after: whole - 5, .stall),
            GenerationTimeouts(settling: .milliseconds(50))
        )
        #expect(outcome.finish != nil)
        #expect(outcome.fault == nil)
    }

    @Test func `thinking without text counts as activity`() async throws {
        let thought = #"{"model":"x","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}"#
        try await withFakeOllama { ollama in
            let lines = Array(repeating: thought, count: 60) + FakeResponse.chatLines(["Hello"])
            ollama.next("/api/chat", .chat(lines: lines).lineByLine(pause: .milliseconds(200)))
            let limits = GenerationTimeouts(firstToken: .seconds(10), gap: .seconds(10))
            let outcome = try await routing(to: ollama.url, limits: limits).routing.outcome()
            #expect(outcome.text == "Hello")
            #expect(outcome.finish != nil)
        }
    }
}
