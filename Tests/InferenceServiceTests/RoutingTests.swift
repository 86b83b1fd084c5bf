import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Retries and fallbacks over real sockets.
@Suite(.timeLimit(.minutes(5))) struct RoutingTests {
    private static let quick = RetryPolicy(limit: 2, firstPause: .milliseconds(1))

    private func attempts(_ outcome: Outcome) -> [String] {
        (outcome.attempts ?? []).map { "\($0.model) \($0.outcome.rawValue)" }
    }

    @Test(arguments: [
        FakeResponse.error(500, "x"), .error(502, "x"), .error(503, "x"), .error(504, "x"), .error(529, "x"),
        .error(408, "x"), .error(409, "x"), .error(429, "x", headers: ["Retry-After-Ms: 1"]), .raw(""), .raw("x"),
        .chat(lines: []), .chat(lines: [#"{"error":"the runner died"}"#]),
        FakeResponse.chat(["a"]).cut(after: 20, .reset),
    ])
    func `failures before the first token are retried, and attempts are reported`(
        _ answer: FakeResponse
    ) async throws {
        try await withFakeOllama { ollama in
            ollama.next(nil, answer, answer)
            let routing = try routing(to: ollama.url, retries: Self.quick).routing
            let outcome = try await routing.outcome()
            #expect(outcome.text == "Hello from the fake.")
            let name = "ollama/llama3.2"
            #expect(attempts(outcome) == ["\(name) failed", "\(name) failed", "\(name) answered"])
            #expect(ollama.requests("/api/chat").count == 3)
        }
    }

    @Test(arguments: [400, 401, 403, 404, 413, 422, 301, 204])
    func `a permanent error is not retried`(_ status: Int) async throws {
        try await withFakeOllama { ollama in
            ollama.always(nil, .error(status, "no"))
            let outcome = try await routing(to: ollama.url, retries: Self.quick).routing.outcome()
            #expect(outcome.fault != nil)
            #expect(outcome.fault?.attempts?.count == 1)
            #expect(outcome.fault?.attempts?.first?.status == status)
            #expect(ollama.requests("/api/chat").count == 1)
        }
    }

    @Test func `there is no retry after the first token`() async throws {
        try await withFakeOllama { ollama in
            let whole = FakeResponse.chat(["one", "two", "three"])
            ollama.always(nil, whole.cut(after: whole.bytes.count / 2))
            let outcome = try await routing(to: ollama.url, retries: Self.quick).routing.outcome()
            #expect(outcome.fault?.code == .cut)
            #expect(outcome.text.hasPrefix("one"))
            #expect(ollama.requests("/api/chat").count == 1)
        }
    }

    @Test func `a pause beyond the maximum is not retried`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(nil, .error(429, "busy", headers: ["Retry-After: 3600"]))
            let outcome = try await routing(to: ollama.url, retries: Self.quick).routing.outcome()
            #expect(outcome.fault?.code == .limited)
            #expect(outcome.fault?.retryAfter == 3600)
            #expect(ollama.requests("/api/chat").count == 1)
        }
    }

    @Test func `a fallback answers if a model fails`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(nil, .error(500, "broken"))
            let (_, catalogue) = try routing(to: ollama.url)
            let runtimes = try runtimes(ollama.url)
            let chain = ["ollama/llama3.2": ["nowhere/x", "demo/demo"]]
            let routing = Routing(catalogue: catalogue, runtimes: runtimes, fallbacks: chain, retries: Self.quick)
            let outcome = try await routing.outcome()
            #expect(outcome.finish?.model == "demo/demo")
            #expect(attempts(outcome).last == "demo/demo answered")
            #expect(attempts(outcome).first == "ollama/llama3.2:latest failed")
            ollama.always(nil, .error(400, "bad request"))
            let rejected = try await routing.outcome()
            #expect(rejected.fault?.code == .rejected, "A request that is at fault itself goes nowhere else.")
            ollama.always(nil, .error(404, "model not found"))
            let missing = try await routing.outcome()
            #expect(missing.finish?.model == "demo/demo")
        }
    }

    @Test func `a failing model is skipped, and used again after it recovers`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(nil, .error(500, "broken"))
            let routing = try routing(to: ollama.url).routing
            for _ in 0..<5 { _ = try await routing.outcome() }
            let refused = try await routing.outcome()
            #expect(refused.fault?.code == .unavailable)
            #expect(refused.fault?.retryAfter != nil)
            #expect(refused.fault?.attempts?.map(\.outcome) == [.skipped])
            #expect(ollama.requests("/api/chat").count == 5)
            let other = try await routing.outcome(question(model: "demo/demo"))
            #expect(other.finish != nil, "Other models are asked.")
            ollama.always(nil, .chat(["well"]))
            try await eventually {
                let outcome = try await routing.outcome()
                return outcome.text == "well"
            }
        }
    }

    @Test func `retries do not prolong an outage`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(nil, .error(503, "down"))
            let routing = try routing(to: ollama.url, retries: Self.quick).routing
            for _ in 0..<200 { _ = try await routing.outcome() }
            #expect(ollama.requests("/api/chat").count <= 240)
        }
    }

    @Test func `a missing first token is retried, and a later gap is not`() async throws {
        let limits = GenerationTimeouts(firstToken: .seconds(5), gap: .seconds(1))
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url, limits: limits, retries: Self.quick).routing
            ollama.next(nil, FakeResponse.chat([]).cut(after: FakeResponse.chat([]).headLength, .stall))
            let outcome = try await routing.outcome()
            #expect(outcome.text == "Hello from the fake.")
            ollama.next(nil, FakeResponse.chat(["a"], doneReason: nil).stalledBeforeEnd)
            let gap = try await routing.outcome()
            #expect(gap.fault?.code == .timeout)
            #expect(gap.text == "a")
        }
    }

    @Test func `usage is reported, priced, and marked if estimated`() async throws {
        try await withFakeOllama { ollama in
            let (_, catalogue) = try routing(to: ollama.url)
            let prices = PriceList(["llama3.2": Model.Price(prompt: 1_000_000, completion: 2_000_000)])
            let routing = Routing(catalogue: catalogue, runtimes: try runtimes(ollama.url), prices: prices)
            let counted = try await routing.outcome()
            #expect(counted.finish?.usage?.isEstimated == false)
            #expect(counted.finish?.usage?.cost == 26 * 1_000_000 + 8 * 2_000_000)
            ollama.next(nil, .chat(["abcdefgh"], promptTokens: nil, completionTokens: nil))
            let estimated = try await routing.outcome()
            #expect(estimated.finish?.usage?.isEstimated == true)
            #expect(estimated.finish?.usage?.completionTokens == TokenEstimate.tokens(in: "abcdefgh"))
            let bytes = try GenerationRequest(question()).promptBytes
            #expect(estimated.finish?.usage?.promptTokens == TokenEstimate.tokens(inBytes: bytes))
        }
    }

    @Test func `a complete answer equals its events`() async throws {
        try await withFakeOllama { ollama in
            let routing = try routing(to: ollama.url).routing
            let answer = try await routing.complete(GenerationRequest(question()), CallContext())
            #expect(answer.text == "Hello from the fake.")
            #expect(answer.begin.attempts.map(\.outcome) == [.answered])
            #expect(answer.finish.usage?.completionTokens == 8)
            ollama.always(nil, FakeResponse.chat(["a", "b"]).cut(after: 300))
            await #expect(throws: Fault.self) {
                _ = try await routing.complete(GenerationRequest(question()), CallContext())
            }
        }
    }

    private func runtimes(_ url: String) throws -> [ProviderRuntime] {
        try providers(url).map {
            ProviderRuntime(provider: $0, limits: GenerationTimeouts(), concurrency: 64, queueLimit: 256)
        }
    }
}
