import Contracts
import Foundation
import HTTP
import TestSupport
import Testing

@testable import InferenceService

/// OpenAI's stream, split and truncated anywhere: the same answer, or a prefix without a finish.
@Suite(.timeLimit(.minutes(5))) struct OpenAISplitTests {
    private static let pieces = ["Grü", "ße", " 你\n\n", "data: [DONE]", "👩‍🍳"]
    private static let answer = FakeResponse.openAIStream(text: pieces)
    private static var text: String { pieces.joined() }

    @Test func `a stream split anywhere gives the same answer`() async throws {
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url).routing
            for offset in 1..<Self.answer.bytes.count {
                openAI.next(nil, Self.answer.split(at: [offset], pause: .zero))
                let outcome = try await routing.outcome(question(model: "openai/gpt-4o-mini"))
                #expect(outcome.text == Self.text, "Split at \(offset).")
                #expect(outcome.finish?.usage?.completionTokens == 10, "Split at \(offset).")
            }
        }
    }

    @Test func `a stream received byte by byte gives the same answer`() async throws {
        try await withFakeOpenAI { openAI in
            openAI.next(nil, Self.answer.byteByByte())
            let outcome = try await compatibleRouting(to: openAI.url).routing.outcome(
                question(model: "openai/gpt-4o-mini")
            )
            #expect(outcome.text == Self.text)
            #expect(outcome.finish?.usage?.completionTokens == 10)
        }
    }

    @Test(arguments: [FakeResponse.Ending.close, .reset])
    func `a truncated stream is never complete`(_ ending: FakeResponse.Ending) async throws {
        // The answer is complete after the finish reason; usage and `[DONE]` may be lost.
        let bytes = String(decoding: Self.answer.bytes, as: UTF8.self)
        let reason = try #require(bytes.range(of: #""finish_reason":"stop""#))
        let end = try #require(bytes.range(of: "}", options: [], range: reason.upperBound..<bytes.endIndex))
        let least = bytes[..<end.lowerBound].utf8.count
        let line = try #require(bytes.range(of: "\n\n", range: reason.upperBound..<bytes.endIndex))
        let whole = bytes[..<line.upperBound].utf8.count
        try await withFakeOpenAI { openAI in
            for count in 0..<Self.answer.bytes.count {
                let routing = try compatibleRouting(to: openAI.url).routing
                openAI.next(nil, Self.answer.cut(after: count, ending))
                let outcome = try await routing.outcome(question(model: "openai/gpt-4o-mini"))
                #expect(Self.text.hasPrefix(outcome.text), "Cut after \(count).")
                if outcome.finish == nil {
                    #expect([.cut, .provider].contains(outcome.fault?.code), "Cut after \(count).")
                } else {
                    #expect(count > least && outcome.text == Self.text, "Cut after \(count).")
                }
                if count >= whole, ending == .close { #expect(outcome.finish != nil, "Cut after \(count).") }
            }
        }
    }

    @Test func `tool calls are the same however the stream is split`() async throws {
        let chunks = OpenAIChunks(model: "m", includesUsage: false)
        var reply = FakeModelTurn.Reply(promptTokens: 1)
        reply.calls = [("weather", #"{"city":"Zürich"}"#), ("time", "{}")].map { .init(name: $0.0, arguments: $0.1) }
        let answer = FakeResponse.openAIStream(chunks.calls(reply) + [chunks.end("tool_calls")])
        try await withFakeOpenAI { openAI in
            let routing = try compatibleRouting(to: openAI.url).routing
            for offset in stride(from: 1, to: answer.bytes.count, by: 3) {
                openAI.next(nil, answer.split(at: [offset], pause: .zero))
                let outcome = try await routing.outcome(question(model: "openai/gpt-4o-mini"))
                #expect(outcome.finish?.reason == .toolCalls)
                let arguments = outcome.toolCalls.filter { $0.index == 0 }.compactMap(\.arguments).joined()
                #expect(arguments == #"{"city":"Zürich"}"#, "Split at \(offset).")
                #expect(outcome.toolCalls.compactMap(\.name) == ["weather", "time"])
            }
        }
    }
}

/// Routing to a server compatible with OpenAI's API, and to the built-in model.
func compatibleRouting(
    to url: String,
    key: String? = "sk-test",
    limits: GenerationTimeouts = GenerationTimeouts(),
    retries: RetryPolicy = RetryPolicy(limit: 0),
    models: [ListedModel]? = nil
) throws -> (routing: Routing, catalogue: Catalogue) {
    let provider = try OpenAIProvider(
        name: "openai",
        url: url + "/v1",
        setting: "OPENAI_BASE_URL",
        credential: key,
        models: models,
        client: HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: .seconds(20)))
    )
    let providers: [any Provider] = [provider, DemoProvider(pace: .zero)]
    let catalogue = Catalogue(providers: providers, defaultModel: nil)
    let runtimes = providers.map { ProviderRuntime(provider: $0, limits: limits, concurrency: 64, queueLimit: 256) }
    return (Routing(catalogue: catalogue, runtimes: runtimes, retries: retries), catalogue)
}
