import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Retries and fallbacks for errors before and after Ollama's first token.
@Suite(.timeLimit(.minutes(5))) struct OllamaRetryTests {
    /// The result of a request with one fallback and one retry.
    private func fare(
        _ answer: FakeResponse,
        limits: GenerationTimeouts = GenerationTimeouts()
    ) async throws -> (tries: Int, outcome: Outcome) {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat", answer)
            let outcome = try await routing(to: ollama.url, limits).outcome()
            return (ollama.requests("/api/chat").count, outcome)
        }
    }

    private func routing(to url: String, _ limits: GenerationTimeouts = GenerationTimeouts()) throws -> Routing {
        let providers = try providers(url)
        return Routing(
            catalogue: Catalogue(providers: providers, defaultModel: nil),
            // The limits are those of the model that fails: the fallback has the time it needs.
            runtimes: providers.map { provider in
                let limits = provider is DemoProvider ? GenerationTimeouts() : limits
                return ProviderRuntime(provider: provider, limits: limits, concurrency: 8, queueLimit: 8)
            },
            fallbacks: ["ollama/llama3.2": ["demo/demo"]],
            retries: RetryPolicy(limit: 1, firstPause: .milliseconds(1))
        )
    }

    private static let whole = FakeResponse.chat(["Hello"])

    @Test(arguments: [
        FakeResponse.error(408, "late"), .error(409, "busy"), .error(429, "slow down"), .error(500, "broken"),
        .error(502, "bad gateway"), .error(503, "server busy, please try again.  maximum pending requests exceeded"),
        .error(504, "late"), .error(529, "overloaded"), .error(429, "x", headers: ["Retry-After: -5"]),
        .error(429, "x", headers: ["Retry-After: 99999999"]), .error(503, "x", headers: ["retry-after-ms: 1"]),
        .error(503, "x", headers: ["Retry-After: 0"]), .error(503, "x", headers: ["Retry-After: soon"]),
        whole.cut(after: 0), whole.cut(after: 0, .reset), whole.cut(after: 20), whole.cut(after: whole.headLength),
        .raw("SSH-2.0-OpenSSH_9.2\r\n"), .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        .raw("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n"),
        .chat(lines: [#"{"error":"model runner has unexpectedly stopped"}"#]),
    ])
    func `the same model is retried, and then another one`(_ answer: FakeResponse) async throws {
        let (tries, outcome) = try await fare(answer)
        #expect(tries == 2)
        #expect(outcome.finish?.model == "demo/demo")
        #expect(outcome.fault == nil)
    }

    @Test(arguments: [
        FakeResponse.error(404, "model 'llama3.2' not found"), .error(400, "input exceeds the maximum context length"),
        .error(429, "x", headers: ["Retry-After: 30"]), .error(503, "x", headers: ["Retry-After: 61"]),
        .error(501, "no"), .error(401, "who?"), .error(403, "no"), .error(402, "pay"),
        .error(302, "x", headers: ["Location: http://127.0.0.1:1/"]),
        .chat(lines: ["<html>"]), .json(200, "[]\n"), .json(204, ""),
        FakeResponse(
            head: "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 6\r\n\r\n",
            body: [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x0A]
        ),
    ])
    func `another model is tried immediately`(_ answer: FakeResponse) async throws {
        let (tries, outcome) = try await fare(answer)
        #expect(tries == 1)
        #expect(outcome.finish?.model == "demo/demo")
    }

    @Test(arguments: [
        (FakeResponse.error(400, "invalid options"), Fault.Code.rejected), (.error(413, "too large"), .tooLarge),
        (.error(422, "odd"), .rejected),
    ])
    func `an error without useful retry is not retried`(_ answer: FakeResponse, _ code: Fault.Code) async throws {
        let (tries, outcome) = try await fare(answer)
        #expect(tries == 1)
        #expect(outcome.finish == nil)
        #expect(outcome.fault?.code == code)
        #expect(outcome.fault?.attempts?.map(\.model) == ["ollama/llama3.2"])
    }

    @Test func `another model is tried immediately if the first token is missing`() async throws {
        let limits = GenerationTimeouts(firstToken: .milliseconds(200))
        for answer in [
            Self.whole.cut(after: 0, .stall), Self.whole.cut(after: 20, .stall),
            Self.whole.cut(after: Self.whole.headLength, .stall),
        ] {
            let (tries, outcome) = try await fare(answer, limits: limits)
            #expect(tries == 1)
            #expect(outcome.finish?.model == "demo/demo")
        }
    }

    @Test func `an empty chunk does not count as a first token`() async throws {
        let flood = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 10_000)
        let (_, outcome) = try await fare(.raw(flood), limits: GenerationTimeouts(firstToken: .seconds(2)))
        #expect(outcome.finish?.model == "demo/demo")
    }

    @Test func `a fallback answers if the provider is unreachable or does not speak TLS`() async throws {
        #expect(try await routing(to: unreachableURL()).outcome().finish?.model == "demo/demo")
        try await withFakeOllama { ollama in
            let url = ollama.url.replacing("http://", with: "https://")
            let outcome = try await routing(to: url).outcome()
            #expect(outcome.finish?.model == "demo/demo")
        }
    }

    @Test(arguments: [
        (
            FakeResponse.chat(lines: FakeResponse.chatLines(["Hello"], nil) + [#"{"error":"out of memory"}"#]),
            Fault.Code.provider
        ),
        (.chat(["Hello"], doneReason: nil), .cut), (.chat(["Hello"], doneReason: nil).ending(.reset), .cut),
        (.chat(lines: [FakeResponse.toolCalls(FakeResponse.toolCall("f", "{}"))]), .cut),
        (.chat(lines: [FakeResponse.thought("Hm")] + ["<html>"]), .provider),
    ])
    func `there is no retry after the first piece`(_ answer: FakeResponse, _ code: Fault.Code) async throws {
        // One word at a time, so that the first is delivered before the others.
        let (tries, outcome) = try await fare(answer.lineByLine(pause: .milliseconds(100)))
        #expect(tries == 1)
        #expect(outcome.finish == nil)
        #expect(outcome.fault?.code == code)
    }
}
