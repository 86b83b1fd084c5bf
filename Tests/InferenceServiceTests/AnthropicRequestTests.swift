import Contracts
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import InferenceService

/// Requests in Anthropic's format.
@Suite(.timeLimit(.minutes(5))) struct AnthropicRequestTests {
    private typealias Object = [String: Any]
    private typealias Message = Inference.Message

    private static let weather = RawJSON(
        #"[{"type":"function","function":{"name":"weather","description":"The weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]"#
    )

    private static func body(_ request: Inference.Generate, mayFetch: Bool = false) throws -> Object {
        let model = String(try #require(request.model).split(separator: "/", maxSplits: 1).last ?? "")
        let prompt = try GenerationRequest(request).prompt(model: model, responseTimeout: .seconds(1))
            .adapted(to: "anthropic")
        let body = try AnthropicRequest(
            prompt: prompt,
            traits: AnthropicModelTraits(model: model),
            mayFetch: { _ in mayFetch }
        ).encoded()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? Object)
        // The fake knows the rules of the servers.
        if let refusal = FakeAnthropicCheck.refusal(of: object) { Issue.record("\(refusal)") }
        return object
    }

    private static func ask(
        _ messages: [Message],
        model: String = "anthropic/claude-sonnet-4-5",
        options: Inference.Options = Inference.Options(),
        tools: RawJSON? = nil,
        choice: RawJSON? = nil,
        format: RawJSON? = nil
    ) throws -> Object {
        try body(
            Inference.Generate(
                model: model,
                messages: messages,
                options: options,
                tools: tools,
                toolChoice: choice,
                responseFormat: format
            )
        )
    }

    private static func turns(_ body: Object) -> [(role: String, blocks: [Object])] {
        (body["messages"] as? [Object] ?? []).map { ($0["role"] as? String ?? "", $0["content"] as? [Object] ?? []) }
    }

    private static func kinds(_ body: Object) -> [[String]] {
        turns(body).map { turn in turn.blocks.map { $0["type"] as? String ?? "" } }
    }

    private static func user(_ text: String) -> Message { Message(role: .user, content: text) }

    @Test func `a question alone`() throws {
        let body = try Self.ask([Self.user("Hello")])
        #expect(body["model"] as? String == "claude-sonnet-4-5" && body["stream"] as? Bool == true)
        #expect(body["max_tokens"] as? Int == 64_000)
        #expect(Self.turns(body)[0].blocks[0]["text"] as? String == "Hello")
        #expect(Set(body.keys) == ["model", "max_tokens", "messages", "stream"])
    }

    @Test func `instructions come first, neighbours are merged, empty texts are left out`() throws {
        let body = try Self.ask([
            Message(role: .system, content: "One"), Message(role: .assistant, content: "Greeting"), Self.user("A"),
            Self.user(" \n"), Self.user("B"), Message(role: .developer, content: "Two"),
            Message(role: .assistant, content: ""), Message(role: .system, content: " "), Self.user("C"),
        ])
        #expect((body["system"] as? [Object])?.map { $0["text"] as? String } == ["One", "Two"])
        let turns = Self.turns(body)
        #expect(turns.map(\.role) == ["user", "assistant", "user"])
        #expect(turns[2].blocks.map { $0["text"] as? String } == ["A", "B", "C"])
        let alone = try Self.ask([Message(role: .system, content: "Only this")])
        #expect(alone["system"] == nil && Self.turns(alone).map(\.role) == ["user"])
        #expect(throws: ProviderError.self) { try Self.ask([Self.user(" ")]) }
    }

    @Test func `an answer at the end is the beginning of the next, or is continued`() throws {
        let messages = [Self.user("Sun?"), Message(role: .assistant, content: "It is \n")]
        let prefill = try Self.ask(messages)
        #expect(Self.turns(prefill).last?.blocks.last?["text"] as? String == "It is")
        let newer = try Self.ask(messages, model: "anthropic/claude-opus-4-6")
        #expect(Self.turns(newer).map(\.role) == ["user", "assistant", "user"])
    }

    @Test func `images are sent as base64, addresses only where the server may fetch them`() throws {
        func message(_ url: String) -> Message {
            Message(role: .user, content: .parts([.init(text: "See"), .init(image: .init(url: url))]))
        }
        let body = try Self.ask([message("data:image/jpg;base64,_-8=")])
        let source = Self.turns(body)[0].blocks[1]["source"] as? Object
        #expect(source?["media_type"] as? String == "image/jpeg" && source?["data"] as? String == "/+8=")
        let request = Inference.Generate(model: "a/claude-sonnet-4-5", messages: [message("https://x.org/a.png")])
        let fetched = try Self.body(request, mayFetch: true)
        #expect((Self.turns(fetched)[0].blocks[1]["source"] as? Object)?["url"] as? String == "https://x.org/a.png")
        for url in ["https://x.org/a.png", "data:image/tiff;base64,AAAA", "data:image/png,AAAA"] {
            let error = #expect(throws: ProviderError.self) { try Self.ask([message(url)]) }
            #expect(error?.cause == .unsupported)
        }
        let audio = Message(role: .user, content: .parts([.init(audio: .init(data: "AAAA", format: "wav"))]))
        #expect(throws: ProviderError.self) { try Self.ask([audio]) }
    }

    @Test func `calls and results are blocks, and results come first`() throws {
        let calls = [
            Inference.ToolCall(id: "a", name: "weather", arguments: #"{"city":"Bern"}"#),
            Inference.ToolCall(id: "b", name: "weather", arguments: ""),
        ]
        let messages = [
            Self.user("How?"), Message(role: .assistant, content: .text("Wait."), toolCalls: calls),
            Message(role: .tool, content: .text("Cold"), toolCallID: "b"), Self.user("And?"),
            Message(role: .tool, content: .text("Warm"), toolCallID: "a"),
        ]
        let body = try Self.ask(messages, tools: Self.weather)
        #expect(
            Self.kinds(body) == [["text"], ["text", "tool_use", "tool_use"], ["tool_result", "tool_result", "text"]]
        )
        let results = Self.turns(body)[2].blocks
        #expect(results.prefix(2).map { $0["tool_use_id"] as? String } == ["a", "b"])
        #expect((Self.turns(body)[1].blocks[2]["input"] as? Object)?.isEmpty == true)
    }

    @Test func `unanswered, unknown and repeated calls are repaired`() throws {
        let call = Inference.ToolCall(id: "call.1", name: "get weather!", arguments: "[1]")
        let messages = [
            Self.user("A"), Message(role: .assistant, content: nil, toolCalls: [call]), Self.user("B"),
            Message(role: .assistant, content: nil, toolCalls: [call]),
            Message(role: .tool, content: .text(""), toolCallID: "call.1"),
            Message(role: .tool, content: .text("Alone"), toolCallID: "other", name: "x"), Self.user("C"),
        ]
        // The request has no tools, but its history has calls.
        let body = try Self.ask(messages)
        #expect((body["tool_choice"] as? Object)?["type"] as? String == "none")
        #expect((body["tools"] as? [Object])?.count == 1)
        let turns = Self.turns(body)
        #expect(turns[2].blocks[0]["is_error"] as? Bool == true && turns[4].blocks[0]["is_error"] == nil)
        #expect(turns[4].blocks[0]["content"] == nil)
    }

    @Test func `tools and choices`() throws {
        func body(_ choice: String?, parallel: Bool? = nil) throws -> Object {
            var options = Inference.Options()
            options.parallelToolCalls = parallel
            return try Self.ask(
                [Self.user("A")],
                options: options,
                tools: Self.weather,
                choice: choice.map { RawJSON($0) }
            )
        }
        let tool = try #require((try body(nil)["tools"] as? [Object])?.first)
        #expect(tool["name"] as? String == "weather" && tool["description"] as? String == "The weather")
        #expect((tool["input_schema"] as? Object)?["type"] as? String == "object")
        #expect(try body(nil)["tool_choice"] == nil)
        for (choice, type) in [("\"auto\"", "auto"), ("\"required\"", "any"), ("\"none\"", "none")] {
            #expect((try body(choice)["tool_choice"] as? Object)?["type"] as? String == type)
        }
        let named = try body(#"{"type":"function","function":{"name":"weather"}}"#, parallel: false)["tool_choice"]
        #expect((named as? Object)?["name"] as? String == "weather")
        #expect((named as? Object)?["disable_parallel_tool_use"] as? Bool == true)
        #expect((try body(nil, parallel: false)["tool_choice"] as? Object)?["type"] as? String == "auto")
        #expect(try body(nil, parallel: true)["tool_choice"] == nil)
        let bare =
            #"[{"type":"function","function":{"name":"a","parameters":{"properties":{}}}},{"type":"function","function":{"name":"b"}},{"type":"function","function":{"name":"c","parameters":{}}}]"#
        let schemas = try Self.ask([Self.user("A")], tools: RawJSON(bare))["tools"] as? [Object]
        #expect(schemas?.count == 3)
    }

    @Test func `options`() throws {
        var options = Inference.Options(maxTokens: 99, stop: ["", " ", "END"], temperature: 1.7, seed: 1)
        (options.topP, options.topK) = (0.5, 7)
        let body = try Self.ask([Self.user("A")], options: options)
        #expect(body["max_tokens"] as? Int == 99 && body["stop_sequences"] as? [String] == ["END"])
        #expect(body["temperature"] as? Double == 1 && body["top_p"] == nil && body["top_k"] as? Int == 7)
        #expect(body["seed"] == nil && body["metadata"] == nil)
        let newer = try Self.ask([Self.user("A")], model: "anthropic/claude-opus-5", options: options)
        #expect(newer["temperature"] == nil && newer["top_p"] == nil && newer["top_k"] == nil)
        options.maxTokens = 1_000_000
        #expect(try Self.ask([Self.user("A")], options: options)["max_tokens"] as? Int == 64_000)
        let long = try Self.ask([Self.user(String(repeating: "word ", count: 100_000))])
        #expect((long["max_tokens"] as? Int ?? 0) < 40_000)
    }

    @Test func `thinking excludes sampling and forced calls`() throws {
        var options = Inference.Options(temperature: 0.3)
        options.reasoningEffort = "medium"
        let body = try Self.ask([Self.user("A")], options: options, tools: Self.weather)
        #expect((body["thinking"] as? Object)?["budget_tokens"] as? Int == 8192 && body["temperature"] == nil)
        let forced = try Self.ask(
            [Self.user("A")],
            options: options,
            tools: Self.weather,
            choice: RawJSON("\"required\"")
        )
        #expect(forced["thinking"] == nil && forced["temperature"] as? Double == 0.3)
        let adaptive = try Self.ask([Self.user("A")], model: "anthropic/claude-opus-5", options: options)
        #expect((adaptive["thinking"] as? Object)?["type"] as? String == "adaptive")
        #expect((adaptive["output_config"] as? Object)?["effort"] as? String == "medium")
    }

    @Test func `thinking is replayed in order within the tool loop, and only there`() throws {
        let thought = "Let me think."
        let signature = AnthropicSignature.signature(FakeAnthropicCheck.signature(of: thought)).metadata
        var answer = Message(
            role: .assistant,
            content: .text("Okay."),
            toolCalls: [Inference.ToolCall(id: "a", name: "weather", arguments: "{}")]
        )
        answer.reasoning = thought
        answer.model = "anthropic/claude-sonnet-4-5"
        answer.parts = [
            .init(kind: .reasoning, bytes: 13, metadata: signature),
            .init(kind: .reasoning, metadata: AnthropicSignature.redacted("ZGF0YQ==").metadata),
            .init(kind: .text, bytes: 5), .init(kind: .toolCall),
        ]
        let loop = [Self.user("How?"), answer, Message(role: .tool, content: .text("Warm"), toolCallID: "a")]
        var options = Inference.Options()
        options.reasoningEffort = "high"
        let body = try Self.ask(loop, options: options, tools: Self.weather)
        #expect(
            Self.kinds(body) == [["text"], ["thinking", "redacted_thinking", "text", "tool_use"], ["tool_result"]]
        )
        #expect(body["thinking"] != nil)
        let later = try Self.ask(loop + [Self.user("And?")], options: options, tools: Self.weather)
        #expect(Self.kinds(later)[1] == ["text", "tool_use"] && later["thinking"] != nil)
        // Without thinking in the request there is none in the history.
        #expect(Self.kinds(try Self.ask(loop, tools: Self.weather))[1] == ["text", "tool_use"])
        // Other models' answers, and those whose thinking a client dropped, switch a budget off.
        let changes: [(inout Message) -> Void] = [
            { $0.model = "openai/gpt-5" }, { $0.model = "anthropic/claude-opus-4-1" }, { $0.reasoning = nil },
            { $0.parts = nil },
            {
                $0.parts?[0].metadata = nil; $0.parts?[1].metadata = nil
            }, { $0.parts?[0].bytes = 5 },
            { $0.parts?.append(.init(kind: .toolCall)) }, { $0.parts?[0].bytes = -1 },
        ]
        for change in changes {
            var other = answer
            change(&other)
            let body = try Self.ask([loop[0], other, loop[2]], options: options, tools: Self.weather)
            #expect(body["thinking"] == nil && Self.kinds(body)[1] == ["text", "tool_use"])
        }
        // A client returns the parts in its metadata.
        var client = answer
        let parts = String(decoding: try JSONEncoder().encode(answer.parts), as: UTF8.self)
        client.metadata = RawJSON(#"{"parley":{"model":"anthropic/claude-sonnet-4-5","parts":\#(parts)}}"#)
        (client.parts, client.model) = (nil, nil)
        #expect(
            Self.kinds(try Self.ask([loop[0], client, loop[2]], options: options, tools: Self.weather))[1].count == 4
        )
    }

    @Test func `formats are required by schema where Anthropic accepts it, else by instruction`() throws {
        func body(_ schema: String, _ model: String = "anthropic/claude-sonnet-4-5") throws -> Object {
            let isStrict = schema.contains("additionalProperties")
            let format =
                #"{"type":"json_schema","json_schema":{"name":"x","strict":\#(isStrict),"schema":\#(schema)}}"#
            return try Self.ask([Self.user("A")], model: model, format: RawJSON(format))
        }
        let closed =
            #"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#
        let format = (try body(closed)["output_config"] as? Object)?["format"] as? Object
        #expect(format?["type"] as? String == "json_schema" && format?["schema"] is Object)
        for body in [
            try body(#"{"type":"object","properties":{}}"#), try body(closed, "anthropic/claude-opus-4-1-20250805"),
            try Self.ask([Self.user("A")], format: RawJSON(#"{"type":"json_object"}"#)),
        ] {
            #expect(body["output_config"] == nil)
            #expect((body["system"] as? [Object])?.last.map { "\($0)".contains("JSON") } == true)
        }
    }

    @Test func `long prompts are marked for the cache, in at most four places`() throws {
        func marks(_ body: Object) -> [String] {
            var marks: [String] = []
            if (body["tools"] as? [Object])?.last?["cache_control"] != nil { marks.append("tools") }
            if (body["system"] as? [Object])?.last?["cache_control"] != nil { marks.append("system") }
            let marked = Self.turns(body).enumerated().filter { $0.element.blocks.last?["cache_control"] != nil }
            return marks + marked.map { "\($0.offset)" }
        }
        let system = Message(role: .system, content: String(repeating: "Be kind. ", count: 600))
        let talk = (0..<3).flatMap { [Self.user("Q\($0)"), Message(role: .assistant, content: "A\($0)")] }
        #expect(marks(try Self.ask([Self.user("Short")], tools: Self.weather)).isEmpty)
        #expect(marks(try Self.ask([system, Self.user("Hi")])) == ["system"])
        #expect(marks(try Self.ask([system] + talk + [Self.user("Q3")])) == ["system", "4", "6"])
        #expect(
            marks(try Self.ask([system] + talk + [Self.user("Q3")], tools: Self.weather)) == [
                "tools", "system", "4", "6",
            ]
        )
    }
}
