import Bus
import Contracts
import TestSupport
import Testing

@testable import ConversationService

/// Models with and without tools, also through real servers of providers.
@Suite(.timeLimit(.minutes(5)))
struct ToolModelTests {
    private static let options = Run.Options(tools: ["weather"])

    @Test func `a model that has no tools is asked without them`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                testbed.inference.addModel(Model(name: "scripted/plain", window: 4096, abilities: [.chat]))
                let options = Run.Options(model: "scripted/plain", tools: ["weather"])
                let (end, _, _, _) = try await testbed.ask([[.text("Hm."), .finish]], options: options)
                #expect(end.status == .completed && testbed.inference.requests.map(\.tools) == [nil])
            }
        }
    }

    @Test func `a refusal of the tools is answered by a request without them, once`() async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory) { testbed in
                var refusal = Fault(.toolsUnsupported, "The model has no tools.")
                refusal.attempts = [
                    Attempt(
                        model: "scripted/model",
                        outcome: .failed,
                        code: .toolsUnsupported,
                        status: 400,
                        milliseconds: 3
                    )
                ]
                let (end, _, conversation, _) = try await testbed.ask([[.fail(refusal)], [.text("Hm."), .finish]])
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Hm.")
                #expect(testbed.inference.requests.map { $0.tools != nil } == [true, false])
                #expect(end.attempts?.first?.code == .toolsUnsupported)
                #expect(end.usage == Usage(promptTokens: 10, completionTokens: 2, isEstimated: false))
                // The next turn knows it.
                let run = try await testbed.start("Again", in: conversation, options: Self.options)
                #expect(try await run.end().status == .completed)
                #expect(testbed.inference.requests.count == 3 && testbed.inference.requests.last?.tools == nil)
                let again = try await testbed.ask([[.fail(refusal)]], options: Run.Options())
                #expect(again.end.status == .failed && again.end.fault?.code == .toolsUnsupported)
            }
        }
    }

    @Test func `an Ollama that refuses tools answers without them`() async throws {
        try await withFakeOllama { ollama in
            ollama.next(
                "/api/chat",
                .error(400, "registry.ollama.ai/library/llama3.2:latest does not support tools"),
                .chat(["Hello."])
            )
            try await run(["OLLAMA_BASE_URL": ollama.url, "DEFAULT_MODEL": "ollama/llama3.2"]) { testbed, end in
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Hello.")
                #expect(end.attempts?.map(\.code) == [.toolsUnsupported, nil])
                #expect(end.attempts?.map(\.status) == [400, nil])
                let bodies = ollama.requests("/api/chat").map(\.body)
                #expect(bodies.map { $0.contains("\"tools\"") } == [true, false])
            }
        }
    }

    @Test func `calls of an Ollama with equal ids and indexes are run and answered one by one`() async throws {
        try await withFakeOllama { ollama in
            let calls = FakeResponse.toolCalls(
                FakeResponse.toolCall("weather", #"{"city":"a"}"#, id: "call_0"),
                FakeResponse.toolCall("weather", #""{\"city\":\"b\"}""#, id: "call_0"),
                FakeResponse.toolCall("launch", "null", id: nil)
            )
            ollama.next("/api/chat", .chat(lines: [calls] + FakeResponse.chatLines([])), .chat(["Warm."]))
            try await run(["OLLAMA_BASE_URL": ollama.url, "DEFAULT_MODEL": "ollama/llama3.2"]) { testbed, end in
                #expect(end.status == .completed && end.assistantMessage?.content.text == "Warm.")
                #expect(testbed.tool.effects.map(\.function.arguments) == [#"{"city":"a"}"#, #"{"city":"b"}"#])
                let sent = try #require(ollama.requests("/api/chat").last).body
                #expect(sent.contains(#""function":{"name":"launch","arguments":{}}"#))
                #expect(sent.contains(#""content":"18 degrees in {\"city\":\"b\"}","tool_name":"weather""#))
                #expect(sent.contains(#""content":"This function either does not exist"#))
            }
        }
    }

    @Test func `calls of an OpenAI server with one id, without ids and with broken arguments can be sent back`()
        async throws
    {
        try await withFakeOpenAI { server in
            func chunk(_ delta: String, _ reason: String = "null") -> String {
                "{\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(reason)}]}"
            }
            let calls = [
                #"{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"weather","arguments":"{\"ci"}}]}"#,
                #"{"tool_calls":[{"index":0,"function":{"arguments":"ty\":1}"}}]}"#,
                #"{"tool_calls":[{"index":1,"id":"c","function":{"name":"weather","arguments":""}}]}"#,
                #"{"tool_calls":[{"index":2,"function":{"name":"weather","arguments":"city: Paris"}}]}"#,
                #"{"tool_calls":[{"index":3,"id":"","function":{"name":"","arguments":null}}]}"#,
            ]
            server.next(nil, .openAIStream(calls.map { chunk($0) } + [chunk("{}", "\"tool_calls\"")]))
            let settings = [
                "OPENAI_BASE_URL": server.url + "/v1", "OPENAI_API_KEY": "k", "DEFAULT_MODEL": "openai/gpt-4o-mini",
            ]
            try await run(settings) { testbed, end in
                // The server rejects a prompt whose calls and results do not match.
                #expect(end.status == .completed && end.assistantMessage?.content.text.contains("gpt-4o-mini") == true)
                #expect(testbed.tool.effects.map(\.function.arguments) == [#"{"city":1}"#, "{}"])
                let sent = try #require(server.requests().last).body
                #expect(sent.contains(#"{\"unparsed\":\"city: Paris\"}"#))
                // The last piece has neither an id nor a name, so it is no call of its own.
                #expect(!sent.contains(#""name":"unknown""#))
                #expect(server.requests("/v1/chat/completions").count == 2)
            }
        }
    }

    @Test func `an answer that announces calls without any is asked for once`() async throws {
        for delta in [#"{"tool_calls":[]}"#, "{}", #"{"tool_calls":null,"content":"hello"}"#] {
            try await withFakeOpenAI { server in
                server.always(
                    nil,
                    .openAIStream(["{\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\"tool_calls\"}]}"])
                )
                let settings = [
                    "OPENAI_BASE_URL": server.url + "/v1", "OPENAI_API_KEY": "k", "DEFAULT_MODEL": "openai/gpt-4o-mini",
                ]
                try await run(settings) { _, end in
                    let hasText = delta.contains("hello")
                    #expect(end.status == (hasText ? .completed : .failed), "\(delta)")
                    #expect(end.assistantMessage?.content.text == (hasText ? "hello" : nil))
                    #expect(server.requests("/v1/chat/completions").count == 1)
                }
            }
        }
    }

    private func run(
        _ settings: [String: String],
        _ body: @Sendable (TurnTestbed, Run.End) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await TurnTestbed.with(directory, upstream: settings) { testbed in
                let conversation = try await testbed.store.base.openConversation()
                let run = try await testbed.start("How is it?", in: conversation, options: Self.options)
                try await body(testbed, try await run.end())
            }
        }
    }
}
