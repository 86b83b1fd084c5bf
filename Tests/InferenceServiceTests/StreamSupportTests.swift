import Bus
import Contracts
import TestSupport
import Testing

@testable import InferenceService

/// Servers that refuse the members that ask for a stream, and events of any size.
@Suite(.timeLimit(.minutes(5))) struct StreamSupportTests {
    @Test(arguments: [
        (400, #"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#),
        (422, #"{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}"#),
    ])
    func `a server that refuses stream_options is asked once more, and then always without`(
        _ status: Int,
        _ body: String
    ) async throws {
        try await withFakeOpenAI { openAI in
            openAI.always(nil) { request in
                request.body.contains("stream_options") ? .openAI(body, status: status) : .openAIStream(text: ["ok"])
            }
            let routing = try compatibleRouting(to: openAI.url).routing
            #expect(try await routing.outcome(question(model: "openai/one")).text == "ok")
            #expect(try await routing.wholeOutcome("openai/two").text == "ok")
            let bodies = openAI.requests("/v1/chat/completions").map(\.body)
            #expect(bodies.map { $0.contains("stream_options") } == [true, false, false])
            #expect(bodies.allSatisfy { $0.contains("\"stream\":true") })
        }
    }

    @Test func `a model that does not stream answers whole, and other models still stream`() async throws {
        let words = "Your organization must be verified to stream this model."
        try await withFakeOpenAI { openAI in
            openAI.always(nil) { request in
                if request.body.contains("\"stream\":true"), request.body.contains("\"slow\"") {
                    return .openAIError(400, words, param: "stream", code: "unsupported_value")
                }
                return .json(UpstreamReportTests.chunk(#""message":{"content":"ok"},"finish_reason":"stop""#))
            }
            let routing = try compatibleRouting(to: openAI.url).routing
            for model in ["openai/slow", "openai/slow", "openai/fast"] {
                #expect(try await routing.outcome(question(model: model)).text == "ok")
            }
            let bodies = openAI.requests("/v1/chat/completions").map(\.body)
            #expect(bodies.map { $0.contains("\"stream\":true") } == [true, false, false, true])
            #expect(bodies.map { $0.contains("stream_options") } == [true, false, false, true])
        }
    }

    @Test func `an error that names the member again is not asked for ever`() async throws {
        try await withFakeOpenAI { openAI in
            openAI.always(nil, .openAIError(400, "No 'stream' and no stream_options."))
            let fault = try await compatibleRouting(to: openAI.url).routing.outcome(question(model: "openai/m")).fault
            #expect(fault?.code == .rejected)
            #expect(openAI.requests("/v1/chat/completions").count == 2)
        }
    }

    @Test(arguments: FakeDialect.allCases)
    func `an event of seven megabytes is an answer, and one beyond the setting an error`(
        _ dialect: FakeDialect
    ) async throws {
        let text = String(repeating: "seven ", count: 7_000_000 / 6)
        try await dialect.withServer { server in
            server.always(dialect.path, dialect.stream(dialect.text(text), dialect.last))
            let provider = try dialect.provider(at: server.url, client: Upstream.nobody.client)
            for limit in [GenerationTimeouts.defaultEventBytes, 6_000_000] {
                var limits = GenerationTimeouts()
                limits.eventBytes = limit
                let runtime = ProviderRuntime(provider: provider, limits: limits, concurrency: 8, queueLimit: 8)
                let catalogue = Catalogue(providers: [provider], defaultModel: nil)
                let routing = Routing(catalogue: catalogue, runtimes: [runtime], retries: RetryPolicy(limit: 0))
                let outcome = try await routing.outcome(question(model: dialect.model))
                if limit > text.utf8.count {
                    #expect(outcome.text == text)
                    #expect(outcome.finish?.reason == .stop)
                } else {
                    #expect(outcome.fault?.message.contains("PROVIDER_EVENT_LIMIT") == true)
                    #expect(outcome.text.isEmpty)
                }
            }
        }
    }
}
