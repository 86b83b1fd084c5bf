import Contracts
import Foundation
import TestSupport
import Testing

@testable import InferenceService

/// Tools, images, formats, thinking and options in requests to Ollama.
@Suite(.timeLimit(.minutes(5))) struct OllamaStructuredMessageTests {
    static let tools = RawJSON(
        #"[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object"}}},"#
            + #"{"type":"function","function":{"name":"get_time","description":"now"}}]"#
    )

    /// The request that Ollama received.
    private func asked(_ request: Inference.Generate, capabilities: [String]? = nil) async throws -> [String: Any] {
        try await withFakeOllama { ollama in
            if let capabilities {
                ollama.always("/api/show", .show(window: 8192, capabilities: capabilities))
            }
            _ = try await routing(to: ollama.url).routing.outcome(request)
            let body = try #require(ollama.requests("/api/chat").first?.body)
            return try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
        }
    }

    private func json(_ value: Any?) throws -> String {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .fragmentsAllowed, .withoutEscapingSlashes]
        return String(
            decoding: try JSONSerialization.data(withJSONObject: value ?? NSNull(), options: options),
            as: UTF8.self
        )
    }

    @Test func `a conversation with tools is converted to Ollama's format`() async throws {
        var generate = question(model: "ollama/llama3.2")
        generate.messages = [
            .init(role: .developer, content: "Be brief."),
            .init(role: .user, content: "Weather in Paris?"),
            .init(
                role: .assistant,
                content: nil,
                toolCalls: [
                    .init(id: "a", name: "get_weather", arguments: #"{"city":"Paris"}"#),
                    .init(id: "b", name: "get_time", arguments: "not JSON \""),
                ]
            ),
            .init(role: .tool, content: .text("22 °C"), toolCallID: "a"),
            .init(role: .tool, content: .parts([.init(text: "noon")]), toolCallID: "b", name: "clock"),
            .init(role: .user, content: .parts([.init(text: "And"), .init(text: "Rome?")]), name: "alice"),
        ]
        generate.tools = Self.tools
        let body = try await asked(generate)
        let messages = try #require(body["messages"] as? [[String: Any]])
        #expect(messages.map { $0["role"] as? String } == ["system", "user", "assistant", "tool", "tool", "user"])
        #expect(
            try json(messages[2]) == #"{"content":"","role":"assistant","tool_calls":["#
                + #"{"function":{"arguments":{"city":"Paris"},"name":"get_weather"},"id":"a"},"#
                + #"{"function":{"arguments":{"value":"not JSON \""},"name":"get_time"},"id":"b"}]}"#
        )
        #expect(
            try json(messages[3]) == #"{"content":"22 °C","role":"tool","tool_call_id":"a","tool_name":"get_weather"}"#
        )
        #expect(try json(messages[4]) == #"{"content":"noon","role":"tool","tool_call_id":"b","tool_name":"get_time"}"#)
        #expect(try json(messages[5]) == #"{"content":"And\nRome?","role":"user"}"#)
        #expect((body["tools"] as? [Any])?.count == 2)
    }

    @Test func `arguments become an object`() {
        let cases = [
            (#"{"a":1}"#, #"{"a":1}"#), ("  {} ", "{}"), ("", "{}"), (" \n", "{}"), ("[1]", #"{"value":[1]}"#),
            ("null", #"{"value":null}"#), ("5", #"{"value":5}"#), (#""x""#, #"{"value":"x"}"#),
            ("{\"a\":", #"{"value":"{\"a\":"}"#), ("{'a':1}", #"{"value":"{'a':1}"}"#),
            (#"{"a":1}{"b":2}"#, #"{"value":"{\"a\":1}{\"b\":2}"}"#),
        ]
        for (text, object) in cases { #expect(OllamaMessage.object(text) == object, "\(text)") }
        let deep = String(repeating: "[", count: 100_000)
        #expect(OllamaMessage.object(deep) == "{\"value\":\"\(deep)\"}")
    }

    @Test func `the tool choice is applied as far as Ollama supports it`() async throws {
        let cases: [(String?, [String])] = [
            (nil, ["get_weather", "get_time"]), (#""auto""#, ["get_weather", "get_time"]),
            (#""required""#, ["get_weather", "get_time"]), (#""none""#, []), ("5", ["get_weather", "get_time"]),
            (#"{"type":"function","function":{"name":"get_time"}}"#, ["get_time"]),
            (
                #"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":"#
                    + #"{"name":"get_weather"}}]}}"#, ["get_weather"]
            ),
        ]
        for (choice, names) in cases {
            var generate = question()
            generate.tools = Self.tools
            generate.toolChoice = choice.map(RawJSON.init)
            let tools = try await asked(generate)["tools"] as? [[String: Any]]
            let sent = (tools ?? []).compactMap { ($0["function"] as? [String: Any])?["name"] as? String }
            #expect(sent == names, "\(choice ?? "nothing")")
        }
    }

    @Test func `images are sent as base64, and unsupported content is rejected first`() async throws {
        var generate = question()
        generate.messages = [
            .init(
                role: .user,
                content: .parts([
                    .init(text: "What is this?"), .init(image: .init(url: "data:image/png;base64,iVBORw0KGgo=")),
                    .init(image: .init(url: "DATA:;charset=x;BASE64,_-8")),
                ])
            )
        ]
        let message = try #require(
            (try await asked(generate, capabilities: ["completion", "vision"])["messages"] as? [[String: Any]])?.first
        )
        #expect(message["content"] as? String == "What is this?")
        #expect(message["images"] as? [String] == ["iVBORw0KGgo=", "/+8="])
        let wrong: [Inference.Part] = [
            .init(image: .init(url: "http://127.0.0.1/secret.png")), .init(image: .init(url: "data:image/png,abc")),
            .init(image: .init(url: "data:image/png;base64,")), .init(image: .init(url: "data:image/png;base64,!!!!")),
            .init(image: .init(url: "")), .init(audio: .init(data: "AAAA", format: "wav")),
        ]
        try await withFakeOllama { ollama in
            for part in wrong {
                generate.messages = [.init(role: .user, content: .parts([part]))]
                let fault = try await routing(to: ollama.url).routing.outcome(generate).fault
                #expect(fault?.code == .invalid)
                #expect(fault?.message.hasSuffix(".") == true)
            }
            #expect(ollama.requests("/api/chat").isEmpty)
        }
    }

    @Test func `a model without vision receives no images`() async throws {
        try await withFakeOllama { ollama in
            let (routing, catalogue) = try routing(to: ollama.url)
            await catalogue.refresh()
            var generate = question()
            let image = Inference.Part(image: .init(url: "data:image/png;base64,iVBORw0KGgo="))
            generate.messages = [.init(role: .user, content: .parts([image]))]
            let fault = try await routing.outcome(generate).fault
            #expect(fault?.code == .invalid)
            #expect(fault?.message.contains("images") == true)
        }
    }

    @Test func `the response format is converted to Ollama's format`() async throws {
        let cases = [
            (#"{"type":"text"}"#, "null"), (#"{"type":"json_object"}"#, #""json""#),
            (
                #"{"type":"json_schema","json_schema":{"name":"x","schema":{"type":"object","required":["a"]}}}"#,
                #"{"required":["a"],"type":"object"}"#
            ), (#"{"type":"json_schema","json_schema":{"name":"x"}}"#, #""json""#), ("5", "null"),
        ]
        for (format, sent) in cases {
            var generate = question()
            generate.responseFormat = RawJSON(format)
            let body = try await asked(generate)
            #expect(try json(body["format"]) == sent, "\(format)")
        }
    }

    @Test func `thinking is requested in Ollama's format, except from models without it`() async throws {
        let cases = [
            ("none", "false"), ("minimal", #""low""#), ("low", #""low""#), ("High", #""high""#), ("xhigh", #""max""#),
        ]
        for (effort, sent) in cases {
            var options = Inference.Options()
            options.reasoningEffort = effort
            let body = try await asked(question(options: options), capabilities: ["completion", "thinking"])
            #expect(try json(body["think"]) == sent)
            let silent = try await asked(question(options: options), capabilities: ["completion"])
            #expect(silent["think"] == nil)
            let unknown = try await asked(question(options: options), capabilities: [])
            #expect(try json(unknown["think"]) == sent)
        }
    }

    @Test func `all options are sent`() async throws {
        var options = Inference.Options(maxTokens: 9, stop: ["x"], temperature: 0.5, seed: 7)
        options.topP = 0.9
        options.topK = 40
        options.minP = 0.05
        options.frequencyPenalty = 0.1
        options.presencePenalty = -0.2
        options.logprobs = true
        options.topLogprobs = 2
        let body = try await asked(question(options: options))
        #expect(body["logprobs"] as? Bool == true)
        #expect(body["top_logprobs"] as? Int == 2)
        #expect(
            try json(body["options"]) == #"{"frequency_penalty":0.1,"min_p":0.05,"num_ctx":8192,"num_predict":9,"#
                + #""presence_penalty":-0.2,"seed":7,"stop":["x"],"temperature":0.5,"top_k":40,"top_p":0.9}"#
        )
    }
}
