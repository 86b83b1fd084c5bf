import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import TestSupport
import Testing

/// Tools through all services, with the demo model and fake servers.
@Suite(.timeLimit(.minutes(5)))
struct ToolTests {
    private let client = HTTPClient()

    private func ask(
        _ stack: ServiceStack,
        _ method: HTTPMethod,
        _ path: String,
        _ body: [String: Any]? = nil
    ) async throws -> [String: Any] {
        let response = try await client.send(
            HTTPClient.Request(
                method: method,
                url: "http://127.0.0.1:\(stack.gateway)\(path)",
                headers: ["content-type": "application/json"],
                body: try body.map { ByteBuffer(data: try JSONSerialization.data(withJSONObject: $0)) }
            )
        )
        let data = Data(buffer: try await response.body.collect(upTo: 1 << 20))
        let text = String(decoding: data, as: UTF8.self)
        #expect((200...201).contains(response.status), "\(text)")
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any], "\(text)")
    }

    /// Opens a conversation; returns the path of its messages.
    private func open(_ stack: ServiceStack) async throws -> String {
        let personas = try await ask(stack, .GET, "/api/v1/influencers?limit=1")
        let persona = try #require((personas["influencers"] as? [[String: Any]])?.first?["id"] as? String)
        let all = "/api/v1/chat/conversations"
        let opened = try await ask(stack, .POST, all, ["influencer_id": persona, "new": true])
        return "\(all)/\(try #require(opened["id"] as? String))/messages"
    }

    /// Sends a message; returns the answer's text.
    private func say(
        _ stack: ServiceStack,
        _ messages: String,
        _ text: String,
        _ tools: [String]
    ) async throws -> String {
        let turn = try await ask(stack, .POST, messages, ["content": text, "tools": tools])
        return try #require((turn["assistant_message"] as? [String: Any])?["content"] as? String)
    }

    @Test func `the weather, a search and an image come from their servers`() async throws {
        try await withFakeOpenMeteo { weather in
            try await withFakeSearXNG { search in
                try await withFakeImages(key: "sk-a-key") { images in
                    let settings = [
                        "AUTH_MODE": "off", "WEATHER_URL": weather.url, "WEB_SEARCH_URL": search.url,
                        "IMAGES_URL": "\(images.url)/v1", "IMAGES_API_KEY": "sk-a-key", "IMAGES_MODEL": "dall-e-3",
                    ]
                    try await ServiceStack.with(settings: settings) { stack in
                        let tools = ["get_weather", "ddg_search", "gen_image"]
                        let messages = try await open(stack)
                        let cold = try await say(stack, messages, "How is the weather at 52.52, 13.41?", tools)
                        #expect(cold.contains("temperature_2m: 5.3 °C"))
                        let found = try await say(stack, messages, "Search the web for gala apples", tools)
                        #expect(found.contains("href: https://example.org/3"))
                        let drawn = try await say(stack, messages, "Generate an image of an apple", tools)
                        #expect(drawn.contains("Image created at path: \(FakeImages.address)"))
                        let thanks = try await say(stack, messages, "Thank you!", tools)
                        #expect(thanks.hasPrefix("You are welcome"))
                        let stored = try await ask(stack, .GET, "\(messages)?order=asc")
                        let roles = (stored["messages"] as? [[String: Any]])?.compactMap { $0["role"] as? String }
                        let turn = ["user", "assistant", "tool", "assistant"]
                        #expect(roles?.suffix(14) == (turn + turn + turn + ["user", "assistant"])[...])
                    }
                    #expect(weather.requests().count { $0.query.contains("52.52") } == 1)
                    #expect(search.requests().count { $0.query.contains("gala") } == 1)
                    #expect(images.requests().count { $0.body.contains("an image of an apple") } == 1)
                }
            }
        }
    }

    @Test func `what the demo model was asked to remember answers a question in another conversation`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "off"]) { stack in
            let tools = ["create_memory", "recall_memory"]
            let (first, second) = (try await open(stack), try await open(stack))
            let unknown = try await say(stack, first, "What is my favorite flavor of apple?", tools)
            #expect(unknown.contains("I have no memory of that.") && !unknown.contains("gala"))
            let stored = try await say(stack, first, "Remember that my favorite apple is gala", tools)
            #expect(stored == "I will remember: The User's favorite apple is gala.")
            let answer = try await say(stack, second, "What is my favorite flavor of apple?", tools)
            #expect(answer.hasSuffix("I remember: The User's favorite apple is gala."))
            let thanks = try await say(stack, second, "Thank you!", tools)
            #expect(thanks.hasPrefix("You are welcome"))
            let page = try await ask(stack, .GET, "\(second)?order=asc")
            let messages = try #require(page["messages"] as? [[String: Any]])
            let roles = messages.compactMap { $0["role"] as? String }
            #expect(roles.suffix(6) == ["user", "assistant", "tool", "assistant", "user", "assistant"])
            let result = messages.last { $0["role"] as? String == "tool" }
            #expect(result?["content"] as? String == "[\n  \"The User's favorite apple is gala\"\n]")
        }
    }

    @Test func `a failing server becomes a sentence in the answer`() async throws {
        let settings = ["AUTH_MODE": "off", "WEB_SEARCH_URL": "http://127.0.0.1:9"]
        try await ServiceStack.with(settings: settings) { stack in
            let answer = try await say(stack, open(stack), "Search the web for gala apples", ["web_search"])
            #expect(answer.contains("The tool failed: The search service cannot be reached."))
            #expect(!answer.contains("127.0.0.1"))
            let list = try await ask(stack, .GET, "/api/v1/tools")
            let tools = try #require(list["tools"] as? [[String: Any]])
            let available = tools.filter { $0["available"] as? Bool == true }.compactMap { $0["name"] as? String }
            #expect(available.contains("web_search") && !available.contains("get_weather"))
        }
    }

    @Test func `the memory of a client's own tools answers the question`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "off"]) { stack in
            let tool: [String: Any] = [
                "type": "function",
                "function": [
                    "name": "recall_memory", "description": "Finds facts about the user.",
                    "parameters": [
                        "type": "object", "properties": ["query": ["type": "string"]], "required": ["query"],
                    ],
                ],
            ]
            let question = ["role": "user", "content": "What is my favorite flavor of apple?"]
            let first = try await complete(stack, ["model": "demo/demo", "messages": [question], "tools": [tool]])
            let call = try #require((first["tool_calls"] as? [[String: Any]])?.first)
            let function = try #require(call["function"] as? [String: Any])
            #expect(function["name"] as? String == "recall_memory")
            #expect(function["arguments"] as? String == #"{"query":"The User favorite flavor of apple"}"#)
            let result: [String: Any] = [
                "role": "tool", "tool_call_id": try #require(call["id"] as? String),
                "content": "[\n  \"The user prefers gala apples\"\n]",
            ]
            let assistant: [String: Any] = ["role": "assistant", "content": NSNull(), "tool_calls": [call]]
            let second = try await complete(
                stack,
                ["model": "demo/demo", "messages": [question, assistant, result], "tools": [tool]]
            )
            #expect(second["tool_calls"] == nil)
            #expect((second["content"] as? String)?.contains("gala") == true)
        }
    }

    /// The message of a chat completion.
    private func complete(_ stack: ServiceStack, _ body: [String: Any]) async throws -> [String: Any] {
        let completion = try await ask(stack, .POST, "/v1/chat/completions", body)
        return try #require((completion["choices"] as? [[String: Any]])?.first?["message"] as? [String: Any])
    }
}
