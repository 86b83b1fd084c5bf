import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// `/api/v1/memories` and memories in turns, through all services with the built-in models.
@Suite(.timeLimit(.minutes(5)))
struct MemoryRouteTests {
    /// A user with a key.
    private struct User {
        let port: Int
        let key: String
        let client = HTTPClient()

        init(_ name: String, _ stack: ServiceStack) async throws {
            let context = CallContext(principal: Principal(user: name))
            port = stack.gateway
            key = try await stack.conversationBus.call(Keys.Create(name: "tests"), context).secret
        }

        func ask(
            _ method: HTTPMethod,
            _ path: String,
            _ body: String? = nil,
            key idempotencyKey: String? = nil
        ) async throws -> (status: Int, json: [String: Any]) {
            var headers: HTTPHeaders = ["authorization": "Bearer \(key)", "content-type": "application/json"]
            if let idempotencyKey { headers.add(name: "idempotency-key", value: idempotencyKey) }
            let response = try await client.send(
                HTTPClient.Request(
                    method: method,
                    url: "http://127.0.0.1:\(port)/api/v1/\(path)",
                    headers: headers,
                    body: body.map { ByteBuffer(string: $0) }
                )
            )
            let bytes = try await response.body.collect(upTo: 1_000_000)
            let json = try JSONSerialization.jsonObject(with: Data(bytes.readableBytesView)) as? [String: Any]
            return (response.status, try #require(json))
        }

        func texts(_ path: String) async throws -> [String] {
            let (status, json) = try await ask(.GET, path)
            #expect(status == 200)
            return (json["memories"] as? [[String: Any]] ?? []).compactMap { $0["text"] as? String }
        }
    }

    private static let settings = ["RATE_LIMIT_PER_MINUTE": "0"]

    @Test func `memories are created, listed, searched, changed and deleted`() async throws {
        try await ServiceStack.with(settings: Self.settings) { stack in
            let user = try await User("alice", stack)
            let created = try await user.ask(.POST, "memories", #"{"text":"I prefer green tea"}"#, key: "k")
            #expect(created.status == 201)
            let id = try #require(created.json["id"] as? String)
            let members: Set<String> = [
                "id", "text", "source", "conversation_id", "message_id", "created_at", "updated_at",
            ]
            #expect(Set(created.json.keys) == members)
            #expect(created.json["source"] as? String == "user")
            #expect(created.json["conversation_id"] is NSNull)
            let repeated = try await user.ask(.POST, "memories", #"{"text":"I prefer green tea"}"#, key: "k")
            #expect(repeated.status == 200)
            #expect(repeated.json["id"] as? String == id)
            #expect(try await user.ask(.POST, "memories", #"{"text":"other"}"#, key: "k").status == 422)
            #expect(try await user.ask(.POST, "memories", #"{"text":"i prefer GREEN tea"}"#).status == 200)
            _ = try await user.ask(.POST, "memories", #"{"text":"My car is red"}"#)
            #expect(try await user.texts("memories?limit=1&offset=1") == ["I prefer green tea"])
            #expect(try await user.texts("memories?q=tea") == ["I prefer green tea"])
            #expect(try await user.texts("memories?q=%22tea%22%20AND%20-(") == ["I prefer green tea"])
            try await eventually("The embedding") {
                try await user.texts("memories?q=preferences") == ["I prefer green tea"]
            }
            let changed = try await user.ask(.PATCH, "memories/\(id)", #"{"text":"I prefer coffee"}"#)
            #expect(changed.json["text"] as? String == "I prefer coffee")
            #expect(try await user.ask(.GET, "memories/\(id)").json["text"] as? String == "I prefer coffee")
            #expect(try await user.ask(.PATCH, "memories/\(id)", #"{"text":"my car is red"}"#).status == 409)
            let deleted = try await user.ask(.DELETE, "memories/\(id)")
            #expect(deleted.json["deleted_memory_id"] as? String == id)
            #expect(try await user.ask(.DELETE, "memories/\(id)").status == 404)
            #expect(try await user.ask(.DELETE, "memories").json["deleted_memories_count"] as? Int == 1)
            #expect(try await user.texts("memories") == [])
        }
    }

    @Test func `invalid requests are refused`() async throws {
        try await ServiceStack.with(settings: Self.settings) { stack in
            let user = try await User("alice", stack)
            for body in ["{}", #"{"text":""}"#, #"{"text":"a\u0000"}"#, #"{"text":null}"#, #"{"text":1}"#, "[]", "x"] {
                let (status, json) = try await user.ask(.POST, "memories", body)
                #expect((400...422).contains(status), "\(body)")
                #expect(Set(json.keys) == ["error", "message", "details"])
            }
            for path in [
                "?limit=0", "?limit=201", "?q=a&limit=101", "?q=a&offset=1", "?offset=-1", "/x", "/\(Memory.ID())",
            ] {
                let (status, _) = try await user.ask(.GET, "memories\(path)")
                #expect((400...404).contains(status), "\(path)")
            }
            let long = String(repeating: "a", count: 4097)
            #expect(try await user.ask(.GET, "memories?q=\(long)").status == 400)
        }
    }

    @Test func `nothing of a user's memories reaches another user`() async throws {
        try await ServiceStack.with(settings: Self.settings) { stack in
            let (first, second) = (try await User("u1", stack), try await User("u2", stack))
            let created = try await first.ask(.POST, "memories", #"{"text":"my code word is heron"}"#)
            let id = try #require(created.json["id"] as? String)
            let forged = #"{"text":"my code word is kiwi","user_id":"u1","user":"u1","owner":"u1"}"#
            #expect(try await second.ask(.POST, "memories", forged).status == 201)
            #expect(try await first.texts("memories") == ["my code word is heron"])
            for query in ["", "?q=code%20word", "?user=u1", "?q=heron&user_id=u1", "?limit=200"] {
                #expect(try await !second.texts("memories\(query)").contains("my code word is heron"), "\(query)")
            }
            for method in [HTTPMethod.GET, .PATCH, .DELETE] {
                let body = method == .PATCH ? #"{"text":"x"}"# : nil
                #expect(try await second.ask(method, "memories/\(id)", body).status == 404)
            }
            let own = try await chat(first, "what is my code word")
            #expect(own.memories == ["my code word is heron"])
            let other = try await chat(second, "what is my code word")
            #expect(other.memories == ["my code word is kiwi"])
            #expect(!other.text.contains("heron"))
            // In the other user's conversation nothing happens at all.
            let path = "chat/conversations/\(own.conversation)/messages"
            #expect(try await second.ask(.POST, path, #"{"content":"what is my code word"}"#).status == 403)
            #expect(try await second.ask(.DELETE, "memories").json["deleted_memories_count"] as? Int == 1)
            #expect(try await first.texts("memories") == ["my code word is heron"])
        }
    }

    /// Sends a message in a new conversation; returns the texts of the memories that the turn used, and the answer.
    private func chat(
        _ user: User,
        _ text: String
    ) async throws -> (memories: [String], text: String, conversation: String) {
        let personas = try await user.ask(.GET, "influencers").json["influencers"] as? [[String: Any]]
        let persona = try #require(personas?.first?["id"] as? String)
        let opened = try await user.ask(.POST, "chat/conversations", #"{"influencer_id":"\#(persona)"}"#)
        let conversation = try #require(opened.json["id"] as? String)
        let turn = try await user.ask(.POST, "chat/conversations/\(conversation)/messages", #"{"content":"\#(text)"}"#)
        let message = try #require(turn.json["assistant_message"] as? [String: Any])
        let context = message["context"] as? [String: Any]
        let memories = (context?["memories"] as? [[String: Any]])?.compactMap { $0["text"] as? String }
        return (memories ?? [], message["content"] as? String ?? "", conversation)
    }
}
