import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Errors of servers compatible with OpenAI's API.
@Suite(.timeLimit(.minutes(5))) struct OpenAIFaultTests {
    private func outcome(
        _ answer: FakeResponse,
        limits: GenerationTimeouts = GenerationTimeouts(),
        isUnary: Bool = false
    ) async throws -> Outcome {
        try await withFakeOpenAI { openAI in
            openAI.always(nil, answer)
            let routing = try compatibleRouting(to: openAI.url, limits: limits).routing
            guard isUnary else { return try await routing.outcome(question(model: "openai/m")) }
            var outcome = Outcome()
            do {
                let request = try GenerationRequest(question(model: "openai/m"))
                let answer = try await routing.complete(request, CallContext())
                outcome.text = answer.text ?? ""
                outcome.finish = answer.finish
            } catch let fault as Fault {
                outcome.fault = fault
            }
            return outcome
        }
    }

    @Test(arguments: [
        (400, Fault.Code.rejected), (401, .upstreamAuth), (403, .upstreamAuth), (404, .missing), (408, .unavailable),
        (409, .unavailable), (413, .tooLarge), (422, .rejected), (429, .limited), (500, .unavailable),
        (502, .unavailable),
        (503, .unavailable), (504, .unavailable), (529, .unavailable), (302, .provider), (204, .provider),
    ])
    func `a status has its error code`(_ status: Int, _ code: Fault.Code) async throws {
        for isUnary in [true, false] {
            let fault = try await outcome(.openAIError(status, "It says so\u{7}"), isUnary: isUnary).fault
            #expect(fault?.code == code)
            #expect(fault?.message.contains("\u{7}") == false)
            #expect(fault?.attempts?.first?.status == status)
        }
    }

    @Test(arguments: [
        #"[{"error":{"message":"It says so","code":400}}]"#, #"{"error":"It says so"}"#, #"{"message":"It says so"}"#,
        #"{"detail":"It says so"}"#, #"{"object":"error","message":"It says so","type":"BadRequestError","code":400}"#,
    ])
    func `errors in many formats are read`(_ body: String) async throws {
        let fault = try await outcome(.openAI(body, status: 400)).fault
        #expect(fault?.code == .rejected)
        #expect(fault?.message.contains("It says so.") == true)
    }

    @Test func `a key that the server repeats is redacted`() async throws {
        let words = "Invalid API key: sk-test."
        let chunk = #"{"error":{"message":"Invalid API key: sk-test."}}"#
        for answer in [
            FakeResponse.openAIError(401, words), .openAIError(400, words), .openAIStream([chunk], isDone: false),
        ] {
            let message = try #require(try await outcome(answer).fault?.message)
            #expect(message.contains("Invalid API key: …"))
            #expect(!message.contains("sk-test"))
        }
    }

    @Test func `too long prompts, used up quotas and rate limits give different errors`() async throws {
        let long = FakeResponse.openAIError(400, "This model's maximum context length is 8 tokens.", code: nil)
        #expect(try await outcome(long).fault?.code == .contextTooLong)
        let code = FakeResponse.openAIError(400, "Too long.", code: "context_length_exceeded")
        #expect(try await outcome(code).fault?.code == .contextTooLong)
        let spent = FakeResponse.openAIError(429, "You exceeded your current quota.", code: "insufficient_quota")
        let fault = try await outcome(spent).fault
        #expect(fault?.code == .quotaExceeded)
        #expect(fault?.retryAfter == nil)
        let busy = FakeResponse.openAIError(429, "Slow down.", headers: ["retry-after-ms: 1500"])
        #expect(try await outcome(busy).fault?.retryAfter == 2)
    }

    @Test(arguments: [
        FakeResponse.raw(""), .raw("nonsense\r\n\r\n"), .raw("HTTP/1.1 200 OK\r\n"), .openAI("", status: 200),
        .openAIStream([], isDone: true), .openAIStream([], isDone: false), .openAIStream(["{}"]),
        .openAIStream([#"{"choices":[]}"#], isDone: false), .openAI("{}"), .openAI(#"{"choices":[]}"#),
        .openAIStream([#"{"choices":[{"delta":{"content":"x"}}]}"#], isDone: false),
    ])
    func `a body that is no answer is never complete`(_ answer: FakeResponse) async throws {
        for isUnary in [true, false] {
            let outcome = try await outcome(answer, isUnary: isUnary)
            #expect(outcome.finish == nil)
            #expect([.cut, .provider, .unavailable].contains(outcome.fault?.code))
        }
    }

    @Test(arguments: ["not json", "{\"choices\":", "[]", "\u{FFFD}{", #"{"choices":[{"delta":{"content":"\ud8"}}]}"#])
    func `a frame with invalid JSON ends the answer`(_ frame: String) async throws {
        let first = #"{"choices":[{"delta":{"content":"So far"}}]}"#
        let outcome = try await outcome(.openAIStream([first, frame]))
        #expect(outcome.text == "So far")
        #expect(outcome.fault?.code == .provider)
    }

    @Test func `an error within the stream ends it after its earlier text`() async throws {
        let first = #"{"choices":[{"delta":{"content":"So far"}}]}"#
        for error in [#"{"error":{"message":"Out of memory"}}"#, #"{"error":"Out of memory"}"#] {
            let outcome = try await outcome(.openAIStream([first, error]))
            #expect(outcome.text == "So far")
            #expect(outcome.fault?.code == .provider)
            #expect(outcome.fault?.message.contains("Out of memory.") == true)
        }
    }

    @Test func `data after the end is ignored in both formats`() async throws {
        let end = #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#
        let chunks = [#"{"choices":[{"delta":{"content":"a"}}]}"#, end]
        let answer = FakeResponse.openAIStream(chunks + ["[DONE]", #"{"choices":[{"delta":{"content":"b"}}]}"#, end])
        let outcome = try await outcome(answer)
        #expect(outcome.text == "a")
        #expect(outcome.finish != nil)
    }

    @Test func `timeouts apply at each stage`() async throws {
        let limits = GenerationTimeouts(
            firstToken: .milliseconds(100),
            gap: .milliseconds(150),
            whole: .milliseconds(600)
        )
        let whole = FakeResponse.openAIStream(text: ["a", "b"])
        let silent = try await outcome(whole.cut(after: 0, .stall), limits: limits)
        #expect(silent.fault?.code == .timeout)
        let headOnly = try await outcome(whole.cut(after: whole.headLength, .stall), limits: limits)
        #expect(headOnly.fault?.code == .timeout)
        let first = FakeResponse.openAIStream([#"{"choices":[{"delta":{"content":"a"}}]}"#], isDone: false)
        let stalled = try await outcome(first.stalledBeforeEnd, limits: GenerationTimeouts(gap: .milliseconds(150)))
        #expect(stalled.text == "a")
        #expect(stalled.fault?.code == .timeout)
        let endless = FakeResponse.openAIStream(
            Array(repeating: #"{"choices":[{"delta":{"content":"a"}}]}"#, count: 100)
        )
        let long = try await outcome(endless.lineByLine(pause: .milliseconds(30)), limits: limits)
        #expect(long.fault?.code == .timeout)
        let piece = try await outcome(whole.cut(after: 0, .stall), limits: limits, isUnary: true)
        #expect(piece.fault?.code == .timeout)
    }

    @Test func `an answer with a finish reason is complete although the connection stays open`() async throws {
        let end = #"{"choices":[{"delta":{"content":"a"},"finish_reason":"length"}]}"#
        let outcome = try await outcome(FakeResponse.openAIStream([end], isDone: false).stalledBeforeEnd)
        #expect(outcome.finish?.reason == .length)
        #expect(outcome.finish?.usage?.isEstimated == true)
    }

    @Test func `a frame beyond the limit ends the stream`() async throws {
        let huge = "data: " + String(repeating: "x", count: 70_000)
        var limits = GenerationTimeouts()
        limits.eventBytes = 65_536
        let outcome = try await outcome(
            FakeResponse(head: "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n", body: huge.utf8),
            limits: limits
        )
        #expect(outcome.fault?.code == .provider)
        #expect(outcome.fault?.message.contains("more than 65536 bytes") == true)
        #expect(outcome.fault?.message.contains("PROVIDER_EVENT_LIMIT") == true)
    }

    @Test func `an error without a body is classified by its status`() async throws {
        let answer = FakeResponse.openAIError(503, "It never says this to its end")
        let outcome = try await outcome(answer.cut(after: answer.headLength + 5, .stall))
        #expect(outcome.fault?.code == .unavailable)
    }

    @Test func `a null error is no error`() async throws {
        let chunk = #"{"error":null,"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#
        #expect(try await outcome(.openAIStream([chunk])).text == "a")
        let whole = #"{"error":null,"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#
        #expect(try await outcome(.openAI(whole), isUnary: true).text == "a")
    }

    @Test func `a missing finish reason means stop if the end is marked otherwise`() async throws {
        let outcome = try await outcome(.openAIStream([#"{"choices":[{"delta":{"content":"a"}}]}"#]))
        #expect(outcome.finish?.reason == .stop)
        let whole = try await self.outcome(.openAI(#"{"choices":[{"message":{"content":"a"}}]}"#), isUnary: true)
        #expect(whole.finish?.reason == .stop)
    }

    @Test func `a truncated complete answer is not retried`() async throws {
        try await withFakeOpenAI { openAI in
            let whole = FakeResponse.openAI(#"{"choices":[{"message":{"content":"abc"},"finish_reason":"stop"}]}"#)
            openAI.always(nil, whole.cut(after: whole.bytes.count - 10))
            let retries = RetryPolicy(limit: 2, firstPause: .milliseconds(1))
            let routing = try compatibleRouting(to: openAI.url, retries: retries).routing
            let request = try GenerationRequest(question(model: "openai/m"))
            await #expect(throws: Fault.self) { _ = try await routing.complete(request, CallContext()) }
            #expect(openAI.requests("/v1/chat/completions").count == 1)
        }
    }

    @Test func `a rate limit is no outage, and reaches every caller`() async throws {
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .openAIError(429, "Slow down.", headers: ["retry-after: 30"]))
            let routing = try compatibleRouting(to: openAI.url).routing
            for _ in 0..<8 {
                let fault = try await routing.outcome(question(model: "openai/m")).fault
                #expect(fault?.code == .limited)
                #expect(fault?.retryAfter == 30)
            }
        }
    }

    @Test func `a model that the file does not list is rejected`() async throws {
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url, models: [.init(id: "cheap")]).routing
            let fault = try await routing.outcome(question(model: "openai/expensive")).fault
            #expect(fault?.code == .missing)
            #expect(openAI.requests("/v1/chat/completions").isEmpty)
        }
    }
}
