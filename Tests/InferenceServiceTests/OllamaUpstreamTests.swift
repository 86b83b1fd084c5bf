import Bus
import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Ollama, and proxies in front of it, as they really behave.
@Suite(.timeLimit(.minutes(5))) struct OllamaUpstreamTests {
    private static let thinking = ["completion", "thinking"]

    /// A line with these members.
    private static func line(_ members: String) -> String {
        #"{"model":"llama3.2:latest","created_at":"2026-11-21T08:00:00Z",\#(members)}"#
    }

    private func outcome(
        _ answer: FakeResponse,
        _ request: Inference.Generate = question(),
        capabilities: [String] = thinking
    ) async throws -> (outcome: Outcome, bodies: [[String: Any]]) {
        try await withFakeOllama { ollama in
            ollama.always("/api/show", .show(window: 8192, capabilities: capabilities))
            ollama.always("/api/chat", answer)
            let outcome = try await routing(to: ollama.url).routing.outcome(request)
            let bodies = try ollama.requests("/api/chat").map { request in
                try #require(try JSONSerialization.jsonObject(with: Data(request.body.utf8)) as? [String: Any])
            }
            return (outcome, bodies)
        }
    }

    // MARK: Answers without content

    @Test(arguments: [["system", "developer"], ["system"], ["developer"]])
    func `instructions alone become a question`(_ roles: [String]) async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/chat") { request in
                request.body.contains(#""role":"user""#)
                    ? .chat(["Hello"]) : .chat(lines: [Self.line(#""done":true,"done_reason":"load""#)])
            }
            let messages = roles.map {
                Inference.Message(role: $0 == "system" ? .system : .developer, content: "Greet.")
            }
            let request = Inference.Generate(model: "ollama/llama3.2", messages: messages)
            let outcome = try await routing(to: ollama.url).routing.outcome(request)
            #expect(outcome.text == "Hello")
            // The same in the form in which the gateway sends it.
            let list = roles.map { #"{"role":"\#($0)","content":"Greet."}"# }.joined(separator: ",")
            let body = ByteBuffer(string: #"{"model":"ollama/llama3.2","messages":[\#(list)],"options":{}}"#)
            let routing = try routing(to: ollama.url).routing
            let stream = try await Outcome { try await routing.generate(GenerationRequest(body), CallContext()) }
            #expect(stream.text == "Hello")
        }
    }

    @Test(arguments: ["load", "unload"])
    func `loading a model is no answer`(_ reason: String) async throws {
        let line = Self.line(#""message":{"role":"assistant","content":""},"done":true,"done_reason":"\#(reason)""#)
        let outcome = try await outcome(.chat(lines: [line])).outcome
        #expect(outcome.finish == nil)
        #expect(outcome.fault?.code == .provider)
    }

    @Test func `an end before the text is no end`() async throws {
        let early = Self.line(#""message":{"role":"assistant","content":""},"done":true,"done_reason":"load""#)
        let outcome = try await outcome(.chat(lines: [early] + FakeResponse.chatLines(["Hello"]))).outcome
        #expect(outcome.text == "Hello" && outcome.finish?.reason == .stop)
    }

    // MARK: JSON and thinking

    private func jsonQuestion(_ effort: String? = nil) -> Inference.Generate {
        var options = Inference.Options()
        options.reasoningEffort = effort
        var request = question(options: options)
        request.responseFormat = RawJSON(#"{"type":"json_object"}"#)
        return request
    }

    @Test func `thinking is switched off for JSON, unless an effort is named or the model cannot think`() async throws {
        let answer = FakeResponse.chat(["{}"])
        #expect(try await outcome(answer, jsonQuestion()).bodies.first?["think"] as? Bool == false)
        #expect(try await outcome(answer, jsonQuestion("low")).bodies.first?["think"] as? String == "low")
        let plain = try await outcome(answer, jsonQuestion(), capabilities: ["completion"])
        #expect(plain.bodies.first.map { $0["think"] == nil } == true)
        #expect(try await outcome(answer).bodies.first.map { $0["think"] == nil } == true)
    }

    @Test func `JSON that was written as a thought is the answer`() async throws {
        let lines = [FakeResponse.thought(#"{"a""#), FakeResponse.thought(": 1} ")] + FakeResponse.chatLines([])
        let outcome = try await outcome(.chat(lines: lines), jsonQuestion("low")).outcome
        #expect(outcome.text == #"{"a": 1}"#)
        #expect(outcome.finish?.format?.isValid == true)
    }

    @Test func `other thoughts alone are no answer in JSON`() async throws {
        let lines = [FakeResponse.thought("Let me think.")] + FakeResponse.chatLines([])
        let outcome = try await outcome(.chat(lines: lines), jsonQuestion("low")).outcome
        #expect(outcome.finish == nil && outcome.fault?.code == .provider)
    }

    @Test func `a format beside tools is an instruction`() async throws {
        var request = jsonQuestion()
        request.tools = RawJSON(#"[{"type":"function","function":{"name":"f"}}]"#)
        let body = try #require(
            try await outcome(.chat(["{}"]), request, capabilities: Self.thinking + ["tools"]).bodies.first
        )
        #expect(body["format"] == nil && body["think"] == nil && body["tools"] != nil)
        let system = (body["messages"] as? [[String: Any]])?.first?["content"] as? String
        #expect(system?.hasPrefix("You are Maya") == true && system?.contains("JSON") == true)
    }

    // MARK: Errors, labels and forms

    @Test(arguments: [
        (#"{"error":"model requires more system memory"}"#, Fault.Code.provider, "more system memory"),
        (
            #"{"error":{"message":"context length exceeded","code":"context_length_exceeded"}}"#, .contextTooLong,
            "context length"
        ),
        (#"{"message":"This model's maximum context length is 5 tokens"}"#, .contextTooLong, "maximum context"),
        (#"{"detail":"prompt is too long"}"#, .contextTooLong, "too long"),
    ])
    func `an error within a response keeps its words`(_ line: String, _ code: Fault.Code, _ words: String) async throws
    {
        let alone = try await outcome(.chat(lines: [line]))
        #expect(alone.outcome.fault?.code == code)
        #expect(alone.outcome.fault?.message.contains(words) == true)
        #expect(alone.bodies.count == 1)
        let text = Self.line(#""message":{"role":"assistant","content":"Hello"},"done":false"#)
        let late = try await outcome(.chat(lines: [text, line])).outcome
        #expect(late.text == "Hello" && late.fault?.code == code)
    }

    @Test func `an empty error is none, and empty members are missing`() async throws {
        let lines = [
            Self.line(
                #""message":{"role":"assistant","content":"Hel","thinking":""},"done":false,"error":"","done_reason":"""#
            ),
            Self.line(
                #""message":{"role":"assistant","content":"lo","tool_calls":""},"done":true,"done_reason":"","error":null"#
            ),
        ]
        let outcome = try await outcome(.chat(lines: lines)).outcome
        #expect(outcome.text == "Hello" && outcome.finish?.reason == .stop)
    }

    private static let whole = """
        {
          "model": "llama3.2",
          "message": {
            "role": "assistant",
            "content": "Hello {\\n",
            "tool_calls": [
              {"function": {"name": "f", "arguments": {}}}
            ]
          },
          "done": true,
          "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2
        }
        """

    @Test(arguments: ["application/json", "text/plain", "Text/Event-Stream; charset=utf-8"])
    func `a whole object on several lines is an answer under any label`(_ label: String) async throws {
        for ending in ["\n", ""] {
            let answer = FakeResponse.chat(lines: [Self.whole + ending], contentType: label)
            let (outcome, bodies) = try await outcome(answer)
            #expect(outcome.text == "Hello {\n" && outcome.toolCalls.count == 1)
            #expect(outcome.finish?.reason == .toolCalls)
            #expect(bodies.count == 1)
        }
    }

    @Test func `lines of server-sent events are read`() async throws {
        let events = FakeResponse.chatLines(["Hel", "lo"]).flatMap {
            ["event: message", "id: 1", "data: \($0)", ": ping"]
        }
        let answer = FakeResponse.chat(lines: events + ["data: [DONE]"], contentType: "text/event-stream")
        let outcome = try await outcome(answer).outcome
        #expect(outcome.text == "Hello" && outcome.finish?.reason == .stop)
    }

    @Test func `a broken line within an answer is an error`() async throws {
        let lines = FakeResponse.chatLines(["Hello"])
        let outcome = try await outcome(.chat(lines: [lines[0], #"{"message":{"content":"x""#] + lines.dropFirst()))
            .outcome
        #expect(outcome.text == "Hello" && outcome.fault?.code == .provider)
    }

    // MARK: Descriptions

    @Test func `each model fails alone`() async throws {
        try await withFakeOllama { ollama in
            ollama.always("/api/tags", .tags(["gone", "broken", "garbage", "hung", "good"]))
            ollama.always("/api/show") { request in
                switch request.body {
                case _ where request.body.contains("gone"): .error(410, "gone")
                case _ where request.body.contains("broken"): .error(500, "invalid file magic")
                case _ where request.body.contains("garbage"): .json(200, "[")
                case _ where request.body.contains("hung"): FakeResponse.json(200, "{}").cut(after: 0, .stall)
                default: .show(window: 2048, capabilities: ["completion", "tools"])
                }
            }
            let (routing, catalogue) = try routing(to: ollama.url)
            await catalogue.refresh()
            let models = catalogue.reports.first { $0.name == "ollama" }?.models ?? []
            #expect(models.count == 5)
            let good = models.first { $0.name.hasPrefix("ollama/good") }
            #expect(good?.window == 2048 && good?.abilities?.contains(.tools) == true)
            _ = try await routing.outcome(question(model: "ollama/good"))
            #expect(ollama.requests("/api/chat").first?.body.contains(#""num_ctx":2048"#) == true)
            // A failed description is not requested for each generation.
            let count = ollama.requests("/api/show").count
            _ = try await routing.outcome(question(model: "ollama/broken"))
            #expect(ollama.requests("/api/show").count == count)
            #expect(ollama.requests("/api/chat").last?.body.contains(#""num_ctx":8192"#) == true)
        }
    }

    @Test func `an invalid entry of the list hides no other`() async throws {
        try await withFakeOllama { ollama in
            ollama.always(
                "/api/tags",
                .json(
                    200,
                    #"{"models":[7,{"name":null},{"size":1},{"name":"a","details":[],"capabilities":{},"digest":5},"#
                        + #"{"model":"b","details":{"context_length":"4096"},"capabilities":["completion"]}]}"#
                )
            )
            let provider = try #require(try providers(ollama.url).first)
            let models = try await provider.models()
            #expect(models.map(\.name) == ["ollama/a", "ollama/b"])
            #expect(models.last?.window == 4096 && models.last?.abilities == [.chat])
        }
    }
}
