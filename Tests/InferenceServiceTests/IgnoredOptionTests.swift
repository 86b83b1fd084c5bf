import Bus
import Contracts
import Foundation
import JSON
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Options that are passed on, and options that a provider does not support.
@Suite(.timeLimit(.minutes(5))) struct IgnoredOptionTests {
    private static var request: Inference.Generate {
        var options = Inference.Options(temperature: 0.5)
        options.topK = 7
        options.minP = 0.25
        options.parallelToolCalls = true
        options.extra = RawJSON(#"{"logit_bias":{"1":2},"odd":["x"],"model":"other","stream":false}"#)
        return Inference.Generate(
            model: nil,
            messages: [Inference.Message(role: .user, content: .text("Hello"))],
            options: options
        )
    }

    private func begin(_ model: String, _ settings: [String: String]) async throws -> Inference.Begin {
        try await withInference(settings) { bus in
            var request = Self.request
            request.model = model
            return try await bus.call(Inference.Complete(request), CallContext()).begin
        }
    }

    @Test func `compatible servers receive unknown options`() async throws {
        try await withFakeOpenAI { openAI in
            let begin = try await begin(
                "openai/gpt-4o-mini",
                ["OPENAI_BASE_URL": openAI.url + "/v1", "OPENAI_API_KEY": "k"]
            )
            #expect(begin.ignoredOptions == nil)
            let body = try wireObject(try #require(openAI.requests("/v1/chat/completions").first).body)
            #expect(body["odd"] as? [String] == ["x"])
            #expect(body["logit_bias"] as? [String: Int] == ["1": 2])
            #expect(body["top_k"] as? Int == 7)
            #expect(body["model"] as? String == "gpt-4o-mini")
        }
    }

    @Test func `servers with strict quirks receive what OpenAI documents`() throws {
        var quirks = ServerQuirks()
        quirks.acceptsUnknownOptions = false
        let options = Self.request.options
        #expect(OpenAIOptions.support(quirks).ignored(in: options) == ["top_k", "min_p", "odd", "model", "stream"])
        var json = JSONWriter()
        json.object { OpenAIOptions.writeExtra(options, quirks, to: &$0) }
        #expect(String(buffer: json.buffer) == #"{"logit_bias":{"1":2}}"#)
    }

    @Test func `other dialects name what they do not write`() async throws {
        try await withFakeOllama { ollama in
            let begin = try await begin("ollama/llama3.2", ["OLLAMA_BASE_URL": ollama.url])
            let ignored = Set(begin.ignoredOptions ?? [])
            #expect(ignored == ["parallel_tool_calls", "logit_bias", "odd", "model", "stream"])
        }
        try await withFakeGemini { gemini in
            let begin = try await begin(
                "gemini/gemini-2.5-flash",
                ["GEMINI_BASE_URL": gemini.url, "GEMINI_API_KEY": "good-key"]
            )
            let ignored = Set(begin.ignoredOptions ?? [])
            #expect(ignored == ["min_p", "parallel_tool_calls", "logit_bias", "odd", "model", "stream"])
        }
    }

    @Test func `an empty name of a message is none`() throws {
        var message = Inference.Message(role: .user, content: .text("Hello"))
        message.name = ""
        let request = try GenerationRequest(Inference.Generate(model: "m", messages: [message]))
        #expect(request.parsedMessages?.map(\.name) == [nil])
    }
}
