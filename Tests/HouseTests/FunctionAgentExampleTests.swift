import Foundation
import HTTP
import NIOHTTP1
import Testing

/// The example of seed 002's document with the demo model: no key, no network.
@Suite(.timeLimit(.minutes(5)))
struct FunctionAgentExampleTests {
    private func messages(_ client: PlainClient, _ query: String) async throws -> [[String: Any]] {
        let answer = try await client.ask(.POST, "/prompt?\(query)")
        #expect(answer.status == 200, "\(answer.body)")
        return try #require(try answer.json["new_messages"] as? [[String: Any]])
    }

    private func call(_ message: [String: Any]) throws -> (name: String?, arguments: String?, id: String?) {
        let calls = try #require(message["tool_calls"] as? [[String: Any]])
        #expect(calls.count == 1 && calls[0]["type"] as? String == "function")
        let function = try #require(calls[0]["function"] as? [String: Any])
        return (function["name"] as? String, function["arguments"] as? String, calls[0]["id"] as? String)
    }

    @Test func `an apple that is remembered in one conversation is recalled in another one`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "open"]) { stack in
            let client = PlainClient(port: stack.gateway)
            let stored = try await messages(client, "prompt=Remember%20that%20I%20prefer%20gala%20apples.")
            #expect(stored.compactMap { $0["role"] as? String } == ["assistant", "tool", "assistant"])
            #expect(try call(stored[0]).name == "create_memory")
            #expect(try call(stored[0]).arguments?.contains("The User prefer") == true)
            let asked = "prompt=What%20is%20my%20favorite%20flavor%20of%20apple%3F"
            let recalled = try await messages(client, asked)
            #expect(recalled.compactMap { $0["role"] as? String } == ["assistant", "tool", "assistant"])
            let (name, arguments, id) = try call(recalled[0])
            #expect(name == "recall_memory" && arguments?.contains("apple") == true)
            #expect(recalled[0]["content"] as? String == "")
            #expect(recalled[1]["name"] as? String == "recall_memory" && recalled[1]["tool_call_id"] as? String == id)
            let result = try #require(recalled[1]["content"] as? String)
            #expect(result.hasPrefix("[\n  \"") && result.hasSuffix("\"\n]") && result.contains("gala"))
            #expect((recalled[2]["content"] as? String)?.contains("gala") == true)
            // Nobody else's memory: another user recalls nothing.
            let token = try await client.ask(.POST, "/auth/token", body: #"{"user_id":"eve"}"#)
            let eve = PlainClient(port: stack.gateway, credential: try token.json["access_token"] as? String)
            let others = try await messages(eve, asked)
            #expect(!others.contains { ($0["content"] as? String)?.contains("gala") == true })
        }
    }
}
