import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Seed 002 through all services.
@Suite(.timeLimit(.minutes(5)))
struct FunctionAgentTests {
    private func prompt(
        _ text: String,
        _ client: PlainClient,
        in conversation: String? = nil,
        headers: HTTPHeaders = [:]
    ) async throws -> PlainClient.Answer {
        let escaped = try #require(text.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let query = "prompt=\(escaped)" + (conversation.map { "&conversation_id=\($0)" } ?? "")
        return try await client.ask(.POST, "/prompt?\(query)", headers: headers)
    }

    private func messages(_ answer: PlainClient.Answer, _ name: String = "new_messages") throws -> [[String: Any]] {
        #expect(answer.status == 200, "\(answer.body)")
        return try #require(try answer.json[name] as? [[String: Any]], "\(answer.body)")
    }

    private func roles(_ messages: [[String: Any]]) -> [String?] { messages.map { $0["role"] as? String } }

    private func conversation(_ id: String, _ client: PlainClient) async throws -> [[String: Any]] {
        try messages(try await client.ask(.GET, "/conversation/\(id)"), "messages")
    }

    private func identifier(_ answer: PlainClient.Answer) throws -> String {
        try #require(try answer.json["conversation_id"] as? String)
    }

    @Test func `a conversation is continued and shown with its prompt`() async throws {
        try await SessionChatTests.withModel { model, _, client in
            model.next(nil, .openAIStream(text: ["It is ", "gala."]), .openAIStream(text: ["You're welcome."]))
            let first = try await prompt("What is my favorite flavor of apple?", client)
            let id = try identifier(first)
            #expect(
                first.body
                    == #"{"conversation_id":"\#(id)","new_messages":[{"content":"It is gala.","role":"assistant"}]}"#
            )
            #expect(first.headers.first(name: "x-parley-conversation") == id)
            let second = try await prompt("Thank you!", client, in: id)
            #expect(
                second.body
                    == #"{"conversation_id":"\#(id)","new_messages":[{"content":"You're welcome.","role":"assistant"}]}"#
            )
            let shown = try await conversation(id, client)
            #expect(roles(shown) == ["system", "user", "assistant", "user", "assistant"])
            let system = try #require(shown.first?["content"] as? String)
            #expect(system.hasPrefix("You are JARVIS, a helpful and witty assistant."))
            let asked = try #require(model.requests("/v1/chat/completions").last)
            let request = try #require(try JSONSerialization.jsonObject(with: Data(asked.body.utf8)) as? [String: Any])
            let sent = try #require(request["messages"] as? [[String: Any]])
            #expect(roles(sent) == ["system", "user", "assistant", "user"])
            // The prompt that is shown is the prompt that the model got.
            #expect(sent.first?["content"] as? String == system)
        }
    }

    @Test func `a failed turn is 502, and its message stays in the conversation`() async throws {
        try await SessionChatTests.withModel { model, _, client in
            model.next(nil, .openAIError(400, "No such thing."))
            let failed = try await prompt("Hello", client)
            #expect(failed.status == 502)
            #expect(try Set(failed.json.keys) == ["detail"])
            let id = try #require(failed.headers.first(name: "x-parley-conversation"))
            #expect(roles(try await conversation(id, client)) == ["system", "user"])
            let part = FakeResponse.openAIStream(text: ["Hel", "lo"], finishReason: nil)
            model.next(nil, part.ending(.close), part.ending(.close), part.ending(.close))
            #expect(try await prompt("Again", client, in: id).status == 502)
            let shown = try await conversation(id, client)
            #expect(roles(shown) == ["system", "user", "user", "assistant"])
            #expect(shown.last?["content"] as? String == "Hello")
        }
    }

    @Test func `a repeat with the same idempotency key opens and asks nothing again`() async throws {
        try await SessionChatTests.withModel { model, _, client in
            let headers: HTTPHeaders = ["idempotency-key": "once"]
            model.next(nil, .openAIStream(text: ["Only once."]))
            let first = try await prompt("Hello", client, headers: headers)
            let second = try await prompt("Hello", client, headers: headers)
            #expect(first.status == 200 && first.body == second.body)
            #expect(model.requests("/v1/chat/completions").count == 1)
        }
    }

    @Test func `the run of a client that disconnects goes on and is stored`() async throws {
        try await SessionChatTests.withModel { model, _, client in
            model.next(nil, .openAIStream(text: ["Hi."]))
            let id = try identifier(try await prompt("Hello", client))
            let words = (0..<40).map { "w\($0) " }
            model.next(nil, FakeResponse.openAIStream(text: words).lineByLine(pause: .milliseconds(20)))
            let waiting = Task { try await prompt("Long", client, in: id) }
            try await eventually("The model is asked") { model.requests("/v1/chat/completions").count == 2 }
            waiting.cancel()
            try await eventually("The answer is stored") {
                try await conversation(id, client).last?["content"] as? String == words.joined()
            }
        }
    }

    @Test func `concurrent prompts of a conversation are answered one after another`() async throws {
        try await SessionChatTests.withModel { model, _, client in
            model.always { _ in .openAIStream(text: ["Yes."]) }
            let id = try identifier(try await prompt("Hello", client))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let answer = try await prompt("No. \(number)", client, in: id)
                        #expect(answer.status == 200)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await conversation(id, client).count == 1 + 9 * 2)
        }
    }

    @Test func `an API key has its own conversations, and conversations of other surfaces are not found`() async throws
    {
        try await ServiceStack.with(settings: ["AUTH_MODE": "open"]) { stack in
            let bus = try stack.conversationBus
            var clients: [PlainClient] = []
            for user in ["alice", "bob"] {
                let context = CallContext(principal: Principal(user: user))
                let key = try await bus.call(Keys.Create(name: "tests"), context).secret
                clients.append(PlainClient(port: stack.gateway, credential: key))
            }
            let (alice, bob, nobody) = (clients[0], clients[1], PlainClient(port: stack.gateway))
            let id = try identifier(try await prompt("Hello", alice))
            #expect(try await alice.ask(.GET, "/conversation/\(id)").status == 200)
            for client in [bob, nobody] {
                let answers = [
                    try await client.ask(.GET, "/conversation/\(id)"), try await prompt("Hello", client, in: id),
                ]
                for answer in answers {
                    #expect(answer.status == 404 && answer.body == #"{"detail":"Conversation not found"}"#)
                }
            }
            let session = try await nobody.ask(.GET, "/?username=local").json["session_id"] as? String
            let answer = try await nobody.ask(.GET, "/conversation/\(try #require(session))")
            #expect(answer.status == 404)
        }
    }
}
