import Bus
import Contracts
import JSON
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Which reported numbers of tokens are believed.
@Suite(.timeLimit(.minutes(5))) struct UsagePlausibilityTests {
    private func believed(_ prompt: Int, _ completion: Int, bytes: Int = 300) -> Usage {
        let usage = Usage(promptTokens: prompt, completionTokens: completion, isEstimated: false)
        return UsagePlausibility.usage(usage, promptBytes: 300, completionBytes: bytes)
    }

    @Test func `possible numbers are kept, impossible ones are estimated`() {
        #expect(believed(12, 40) == Usage(promptTokens: 12, completionTokens: 40, isEstimated: false))
        #expect(believed(12, 0, bytes: 0) == Usage(promptTokens: 12, completionTokens: 0, isEstimated: false))
        #expect(believed(12, 200_000).isEstimated == false, "Hidden reasoning.")
        for completion in [0, -3, .min, .max, 900_000_000] {
            #expect(believed(12, completion) == Usage(promptTokens: 12, completionTokens: 104, isEstimated: true))
        }
        for prompt in [0, -1, .max] {
            #expect(believed(prompt, 40) == Usage(promptTokens: 104, completionTokens: 40, isEstimated: true))
        }
        let estimate = UsagePlausibility.usage(nil, promptBytes: 300, completionBytes: 300)
        #expect(estimate == Usage(promptTokens: 104, completionTokens: 104, isEstimated: true))
    }

    @Test(arguments: [
        (#"{"prompt_tokens":12,"completion_tokens":40,"total_tokens":52}"#, 12, 40),
        (#"{"prompt_tokens":12,"completion_tokens":null,"total_tokens":null}"#, 12, 0),
        (#"{"prompt_tokens":12,"completion_tokens":null,"total_tokens":52}"#, 12, 40),
        (#"{"prompt_tokens":null,"completion_tokens":40,"total_tokens":52}"#, 12, 40),
        (#"{"prompt_tokens":"12","completion_tokens":40.5,"total_tokens":-1}"#, nil, nil),
        (#"{"prompt_tokens":12,"completion_tokens":40,"total_tokens":5}"#, nil, nil),
        (#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#, nil, nil),
        (#"{"prompt_tokens":12,"completion_tokens":1e30}"#, 12, 0), (#"{"completion_tokens":40}"#, 0, 40),
        (#"{"input_tokens":12,"output_tokens":40}"#, 12, 40),
        (
            #"{"prompt_tokens":12,"completion_tokens":9,"total_tokens":331,"completion_tokens_details":{"reasoning_tokens":310}}"#,
            12, 319
        ), ("{}", nil, nil),
    ])
    func `numbers are read from any object`(_ json: String, _ prompt: Int?, _ completion: Int?) throws {
        let usage = try ByteBuffer(string: json).withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            return try UsageCounts(openAI: &json).usage
        }
        #expect(usage?.promptTokens == prompt)
        #expect(usage?.completionTokens == completion)
    }

    @Test(arguments: [
        #"{"prompt_tokens":12,"completion_tokens":null,"total_tokens":null}"#,
        #"{"prompt_tokens":12,"completion_tokens":0,"total_tokens":12}"#,
        #"{"prompt_tokens":12,"completion_tokens":-40,"total_tokens":12}"#,
        #"{"prompt_tokens":12,"completion_tokens":"40"}"#, #"{"prompt_tokens":12,"completion_tokens":999999999}"#,
        "null", "\"\"", "[]",
    ])
    func `an answer with an impossible count is counted by estimate`(_ usage: String) async throws {
        let words = (1...40).map { UpstreamReportTests.text("word\($0) ") }
        let last = "{\"choices\":[],\"usage\":\(usage)}"
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .events(words + [UpstreamReportTests.end("stop"), last]))
            let routing = try compatibleRouting(to: openAI.url).routing
            for outcome in [
                try await routing.outcome(question(model: "openai/counted")),
                try await routing.wholeOutcome("openai/counted"),
            ] {
                let usage = try #require(outcome.finish?.usage)
                #expect(usage.isEstimated)
                #expect(usage.completionTokens == TokenEstimate.tokens(inAnswerOf: outcome.text.utf8.count))
                #expect(usage.promptTokens > 0)
            }
        }
    }

    @Test func `running totals count although the last one says nothing`() async throws {
        let chunk = String(UpstreamReportTests.text("Hello").dropLast())
        let running = (1...3).map { chunk + ",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":\($0)}}" }
        let last = #"{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":0}}"#
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .events(running + [UpstreamReportTests.end("stop"), last]))
            let outcome = try await compatibleRouting(to: openAI.url).routing.outcome(question(model: "openai/m"))
            #expect(outcome.finish?.usage?.completionTokens == 3)
            #expect(outcome.finish?.usage?.isEstimated == false)
        }
    }
}
