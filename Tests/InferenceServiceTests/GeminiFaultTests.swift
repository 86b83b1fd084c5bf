import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Errors of Gemini on real sockets: the fault that callers receive, and retries.
@Suite(.timeLimit(.minutes(5))) struct GeminiFaultTests {
    private static let path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    /// Two retries without pauses.
    private static let retries = RetryPolicy(limit: 2, firstPause: .milliseconds(1))

    private func ask(
        _ answer: FakeResponse,
        limits: GenerationTimeouts = GenerationTimeouts()
    ) async throws -> (outcome: GeminiOutcome, tries: Int) {
        try await withFakeGemini { gemini in
            gemini.always(Self.path, answer)
            let routing = try geminiRouting(to: gemini.url, limits: limits, retries: Self.retries).routing
            let outcome = try await routing.geminiOutcome()
            #expect(outcome.fault?.message.hasSuffix(".") != false)
            #expect(outcome.fault?.message.contains("a-key") != true)
            // A connection with an unread response is closed.
            try await eventually { gemini.requests(Self.path).allSatisfy { $0.isAnswered || $0.isAbandoned } }
            return (outcome, gemini.requests(Self.path).count)
        }
    }

    @Test(arguments: [
        (400, "INVALID_ARGUMENT", "Request contains an invalid argument.", Fault.Code.rejected, 1),
        (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", .rejected, 1),
        (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", .upstreamAuth, 1),
        (400, "INVALID_ARGUMENT", "API key expired. Please renew the API key.", .upstreamAuth, 1),
        (
            400, "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", .contextTooLong,
            1
        ),
        (401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", .upstreamAuth, 1),
        (403, "PERMISSION_DENIED", "Your API key was reported as leaked.", .upstreamAuth, 1),
        (404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta.", .missing, 1),
        (408, "DEADLINE_EXCEEDED", "Too slow.", .unavailable, 3), (409, "ABORTED", "Conflict.", .unavailable, 3),
        (413, "INVALID_ARGUMENT", "Payload too large.", .tooLarge, 1), (422, "OUT_OF_RANGE", "Beyond.", .rejected, 1),
        (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", .limited, 3),
        (499, "CANCELLED", "The operation was cancelled.", .rejected, 1),
        (500, "INTERNAL", "An internal error has occurred.", .unavailable, 3),
        (501, "UNIMPLEMENTED", "Operation is not implemented.", .provider, 1),
        (502, "", "Bad gateway.", .unavailable, 3),
        (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", .unavailable, 3),
        (504, "DEADLINE_EXCEEDED", "Deadline expired.", .unavailable, 3), (529, "", "Overloaded.", .unavailable, 3),
        (301, "", "Moved.", .provider, 1), (307, "", "Moved.", .provider, 1), (204, "", "", .provider, 1),
    ])
    func `a status has its error code, with and without an array`(
        _ status: Int,
        _ name: String,
        _ message: String,
        _ code: Fault.Code,
        _ tries: Int
    ) async throws {
        for isArray in [false, true] {
            let answer = FakeResponse.geminiError(
                status,
                name,
                message + "\u{7}",
                isArray: isArray,
                headers: ["Location: http://127.0.0.1:1/"]
            )
            let found = try await ask(answer)
            #expect(found.outcome.fault?.code == code)
            #expect(found.outcome.fault?.attempts?.last?.status == status)
            #expect(found.outcome.fault?.message.contains("\u{7}") == false)
            #expect(found.tries == tries)
            #expect(found.outcome.text.isEmpty)
        }
    }

    private static func exhausted(_ quota: String, delay: String) -> FakeResponse {
        .geminiError(
            429,
            "RESOURCE_EXHAUSTED",
            "You exceeded your current quota, please check your plan and billing details.",
            details: """
                [{"@type": "type.googleapis.com/google.rpc.QuotaFailure","violations": [{"quotaMetric": \
                "generativelanguage.googleapis.com/generate_content_free_tier_requests","quotaId": "\(quota)",\
                "quotaDimensions": {"location": "global","model": "gemini-2.5-flash"},"quotaValue": "20"}]},\
                {"@type": "type.googleapis.com/google.rpc.Help","links": [{"description": "Learn more","url": "https://x"}]},\
                {"@type": "type.googleapis.com/google.rpc.RetryInfo","retryDelay": "\(delay)"}]
                """
        )
    }

    @Test(arguments: [
        ("0.01s", 1, 3), ("61s", 61, 1), ("3600s", 3600, 1), ("-1s", 5, 3), ("soon", 5, 3), ("1e99s", 5, 3),
    ])
    func `the pause that Gemini asks for is kept`(_ delay: String, _ told: Int, _ tries: Int) async throws {
        let answer = Self.exhausted("GenerateRequestsPerMinutePerProjectPerModel-FreeTier", delay: delay)
        let found = try await ask(answer)
        #expect(found.outcome.fault?.code == .limited)
        #expect(found.outcome.fault?.retryAfter == told)
        #expect(found.tries == tries)
    }

    @Test func `a daily quota is not retried, whatever pause Gemini asks for`() async throws {
        let answer = Self.exhausted("GenerateRequestsPerDayPerProjectPerModel-FreeTier", delay: "0.01s")
        let found = try await ask(answer)
        #expect(found.outcome.fault?.code == .quotaExceeded)
        #expect(found.outcome.fault?.retryAfter == nil)
        #expect(found.tries == 1)
        let none = FakeResponse.geminiError(
            429,
            "RESOURCE_EXHAUSTED",
            "Quota exceeded for metric: x, limit: 0, model: y"
        )
        #expect(try await ask(none).tries == 1)
    }

    @Test func `a fallback answers if the daily quota is used up`() async throws {
        try await withFakeGemini { gemini in
            gemini.always(Self.path, Self.exhausted("GenerateRequestsPerDayPerProjectPerModel", delay: "9s"))
            let fallbacks = ["gemini/gemini-2.5-flash": ["gemini/gemini-2.5-pro"]]
            let outcome = try await geminiRouting(to: gemini.url, fallbacks: fallbacks).routing.geminiOutcome()
            #expect(outcome.text == "Hello from the fake.")
            #expect(outcome.finish?.model == "gemini/gemini-2.5-pro")
        }
    }

    @Test func `an invalid or missing key is our error and not the user's`() async throws {
        try await withFakeGemini { gemini in
            for key in ["bad-key", nil] {
                let outcome = try await geminiRouting(to: gemini.url, key: key).routing.geminiOutcome()
                #expect(outcome.fault?.code == .upstreamAuth)
                #expect(outcome.fault?.message.contains("bad-key") == false)
            }
        }
    }

    @Test func `a missing model and a missing server give different errors`() async throws {
        try await withFakeGemini { gemini in
            let missing = try await geminiRouting(to: gemini.url).routing.geminiOutcome(
                geminiQuestion(model: "gemini/x")
            )
            #expect(missing.fault?.code == .missing)
            let elsewhere = try await geminiRouting(to: gemini.url + "/else").routing.geminiOutcome()
            #expect(elsewhere.fault?.code == .provider)
            #expect(elsewhere.fault?.message.contains("GEMINI_BASE_URL") == true)
        }
        let nobody = try await geminiRouting(to: try await unreachableURL()).routing.geminiOutcome()
        #expect(nobody.fault?.code == .unavailable)
    }

    @Test(arguments: ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
    func `an invalid tool call is retried`(_ reason: String) async throws {
        let broken = FakeResponse.gemini(chunks: [FakeResponse.geminiChunk(parts: [], finishReason: reason)])
        let found = try await ask(broken)
        #expect(found.outcome.fault?.code == .provider)
        #expect(found.outcome.fault?.message.contains(reason) == true)
        #expect(found.tries == 3)
        try await withFakeGemini { gemini in
            gemini.next(Self.path, broken)
            let outcome = try await geminiRouting(to: gemini.url, retries: Self.retries).routing.geminiOutcome()
            #expect(outcome.text == "Hello from the fake.")
        }
        // It is no outage, so the next request is sent.
        try await withFakeGemini { gemini in
            gemini.next(Self.path, broken, broken, broken, broken, broken, broken)
            let routing = try geminiRouting(to: gemini.url).routing
            for _ in 0..<6 { _ = try await routing.geminiOutcome() }
            let outcome = try await routing.geminiOutcome()
            #expect(outcome.text == "Hello from the fake.")
        }
    }

    @Test func `an error within the stream is retried only before the first event`() async throws {
        let text = FakeResponse.geminiErrorText(503, "UNAVAILABLE", "The model is overloaded.")
        let first = try await ask(.gemini(body: [text], type: "text/event-stream"))
        #expect(first.outcome.fault?.code == .unavailable)
        #expect(first.tries == 3)
        let hello = "data: \(FakeResponse.geminiChunks(["Hello"], finishReason: nil)[0])\r\n\r\n"
        let later = try await ask(.gemini(body: [hello, text], type: "text/event-stream"))
        #expect(later.outcome.text == "Hello")
        #expect(later.outcome.fault?.code == .unavailable)
        #expect(later.outcome.fault?.message.contains("overloaded") == true)
        #expect(later.tries == 1)
    }
}
