import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Seed 004 through all services.
@Suite(.timeLimit(.minutes(5)))
struct SessionChatTests {

    /// Runs all services with a fake model.
    static func withModel(_ body: (FakeServer, ServiceStack, PlainClient) async throws -> Void) async throws {
        try await withFakeOpenAI { model in
            let settings = GatewayClient.settings(.openAI, model.url).merging(["AUTH_MODE": "open"]) { $1 }
            try await ServiceStack.with(settings: settings) { stack in
                try await body(model, stack, PlainClient(port: stack.gateway))
            }
        }
    }

    private func open(_ client: PlainClient, _ user: String = "TR") async throws -> String {
        let opened = try await client.ask(.GET, "/?username=\(user)").json
        #expect(Set(opened.keys) == ["message", "session_id"])
        #expect(opened["message"] as? String == "Welcome to the chat service \(user)!")
        let session = try #require(opened["session_id"] as? String)
        #expect(session.wholeMatch(of: #/[0-9a-f]{32}/#) != nil)
        return session
    }

    private func send(
        _ text: String,
        _ session: String,
        _ client: PlainClient,
        headers: HTTPHeaders = [:]
    ) async throws -> PlainClient.Answer {
        try await client.ask(.PUT, "/chat/\(session)", headers: headers, body: "{\"payload\":\(text.inJSON)}")
    }

    /// The text of a stream, as a client joins it.
    private func text(_ stream: String) -> String {
        let events = stream.components(separatedBy: "\r\n\r\n").filter { $0.hasPrefix("data: ") }
        return events.map { event in
            event.components(separatedBy: "\r\n").map { String($0.dropFirst(6)) }.joined(separator: "\n")
        }
        .joined()
    }

    private func history(_ session: String, _ client: PlainClient) async throws -> [[String: String]] {
        let shown = try await client.ask(.GET, "/chat_history/\(session)").json
        #expect(Set(shown.keys) == ["payload", "session_id", "username", "message_history"])
        #expect(shown["payload"] as? String == "" && shown["session_id"] as? String == session)
        return try #require(shown["message_history"] as? [[String: String]])
    }

    @Test func `the demo model answers the document's example, and the history has both messages`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "open"]) { stack in
            let client = PlainClient(port: stack.gateway)
            let session = try await open(client)
            #expect(try await history(session, client).isEmpty)
            for number in 1...3 {
                let answer = try await send("Hello! What is your name?", session, client)
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "content-type") == "text/event-stream; charset=utf-8")
                #expect(text(answer.body).contains("Rerun"))
                let messages = try await history(session, client)
                #expect(messages.count == number * 2)
                let roles = messages.map { $0["role"] ?? "" }
                #expect(roles == Array(repeating: ["user", "assistant"], count: number).flatMap(\.self))
                #expect(messages[number * 2 - 2]["content"] == "Hello! What is your name?")
                #expect(messages[number * 2 - 1]["content"] == text(answer.body))
            }
        }
    }

    @Test func `the model gets temperature 0, the persona, the functions and the whole history`() async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            for number in 0..<4 {
                model.next(nil, .openAIStream(text: ["Answer ", "\(number)."]))
                let answer = try await send("Question \(number)?", session, client)
                #expect(text(answer.body) == "Answer \(number).")
            }
            let asked = try #require(model.requests("/v1/chat/completions").last)
            let request = try #require(try JSONSerialization.jsonObject(with: Data(asked.body.utf8)) as? [String: Any])
            #expect(request["temperature"] as? Double == 0)
            #expect(request["stream"] as? Bool == true)
            let messages = try #require(request["messages"] as? [[String: Any]])
            let roles = messages.compactMap { $0["role"] as? String }
            #expect(roles == ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"])
            #expect(messages.last?["content"] as? String == "Question 3?")
            #expect((messages.first?["content"] as? String)?.contains("The Seinfeld Chronicles") == true)
            let tools = try #require(request["tools"] as? [[String: Any]])
            let names = tools.compactMap { ($0["function"] as? [String: Any])?["name"] as? String }
            #expect(Set(names) == ["SarcasmDetection", "JokeExplanation", "JokeDelivery"])
        }
    }

    @Test(
        arguments: [
            ("JokeDelivery", #"{"text":"Why?\nBecause."}"#, "Why?\nBecause."),
            (
                "SarcasmDetection", #"{"quote":"Oh, great.","score":8}"#,
                "> Oh, great.\n\n**Sarcasm: 8 of 9**, very sarcastic."
            ),
            (
                "JokeExplanation", #"{"setup":"a","premise":"b","punchline":"c"}"#,
                "**Setup:** a\n\n**Premise:** b\n\n**Punchline:** c"
            ),
        ]
    )
    func `a function call of the model is a text for the user`(
        _ name: String,
        _ arguments: String,
        _ expected: String
    ) async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            model.next(nil, .openAIStream(call: name, arguments))
            let answer = try await send("Please.", session, client)
            #expect(answer.status == 200)
            #expect(text(answer.body) == expected)
            let messages = try await history(session, client)
            let turn: [[String: String]] = [
                ["role": "user", "content": "Please."], ["role": "assistant", "content": expected],
            ]
            #expect(messages == turn)
            // The model is asked once: the result is the answer.
            #expect(model.requests("/v1/chat/completions").count == 1)
            // The next turn shows the model what it said.
            model.next(nil, .openAIStream(text: ["Again."]))
            #expect(try await text(send("Again?", session, client).body) == "Again.")
            #expect(try await history(session, client).count == 4)
        }
    }

    @Test func `an invalid function call is answered to the model, which goes on`() async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            model.next(
                nil,
                .openAIStream(call: "SarcasmDetection", #"{"quote":"x","score":42}"#),
                .openAIStream(text: ["Very ", "sarcastic."])
            )
            #expect(try await text(send("How sarcastic?", session, client).body) == "Very sarcastic.")
            #expect(try await history(session, client).last == ["role": "assistant", "content": "Very sarcastic."])
        }
    }

    @Test func `a model that fails before its first token is 502, and the message is stored`() async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            model.next(nil, .openAIError(400, "No such thing."))
            let answer = try await send("Hello", session, client)
            #expect(answer.status == 502)
            #expect(try Set(answer.json.keys) == ["detail"])
            #expect(try await history(session, client) == [["role": "user", "content": "Hello"]])
            model.next(nil, .openAIStream(text: ["Hi."]))
            #expect(try await text(send("Hello?", session, client).body) == "Hi.")
            #expect(try await history(session, client).count == 3)
        }
    }

    @Test func `a model that breaks off ends the stream with an error, and the part is stored`() async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            let whole = FakeResponse.openAIStream(text: ["Hel", "lo"], finishReason: nil)
            model.next(nil, whole.ending(.close))
            let answer = try await send("Hello", session, client)
            #expect(answer.status == 200)
            let error = try #require(answer.body.components(separatedBy: "event: error\r\ndata: ").last)
            #expect(answer.body.contains("event: error\r\ndata: {\"detail\":\"") && error.hasSuffix("\"}\r\n\r\n"))
            #expect(text(answer.body) == "Hello")
            #expect(try await history(session, client).last == ["role": "assistant", "content": "Hello"])
        }
    }

    @Test func `the run of a client that disconnects goes on and is stored`() async throws {
        try await Self.withModel { model, _, client in
            let session = try await open(client)
            let words = (0..<40).map { "w\($0) " }
            model.next(nil, FakeResponse.openAIStream(text: words).lineByLine(pause: .milliseconds(20)))
            let response = try await client.open(.PUT, "/chat/\(session)", body: #"{"payload":"Long, please."}"#)
            #expect(response.status == 200)
            _ = try await response.body.nextRead()
            response.body.close()
            try await eventually("The answer is stored") {
                try await history(session, client).last?["content"] == words.joined()
            }
        }
    }

    @Test func `a repeat with the same idempotency key asks no model again`() async throws {
        try await Self.withModel { model, _, client in
            let headers: HTTPHeaders = ["idempotency-key": "once"]
            let opened = try await client.ask(.GET, "/?username=TR", headers: headers)
            #expect(try await client.ask(.GET, "/?username=TR", headers: headers).body == opened.body)
            let session = try await open(client)
            model.next(nil, .openAIStream(text: ["Only ", "once."]))
            let first = try await send("Hello", session, client, headers: headers)
            let second = try await send("Hello", session, client, headers: headers)
            #expect(text(first.body) == "Only once." && text(second.body) == "Only once.")
            #expect(model.requests("/v1/chat/completions").count == 1)
            #expect(try await send("Another", session, client, headers: headers).status == 422)
            #expect(try await history(session, client).count == 2)
        }
    }

    @Test func `concurrent messages of a session are answered one after another`() async throws {
        try await Self.withModel { _, _, client in
            let session = try await open(client)
            let texts = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<8 {
                    group.addTask { text(try await send("No. \(number) \(UUID())", session, client).body) }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            let messages = try await history(session, client)
            #expect(messages.count == 16)
            let answers = messages.filter { $0["role"] == "assistant" }.compactMap { $0["content"] }
            #expect(Set(answers) == texts)
        }
    }

    @Test func `the sessions of a user are listed oldest first, and those of others are not`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "open"]) { stack in
            let client = PlainClient(port: stack.gateway)
            var sessions: [String] = []
            for _ in 0..<3 { sessions.append(try await open(client)) }
            _ = try await open(client, "eve")
            _ = try await client.ask(.POST, "/prompt?prompt=Hello")
            _ = try await send("Hello", sessions[0], client)
            let answer = try await client.ask(.GET, "/sessions?username=TR")
            let listed = try #require(try answer.json["sessions"] as? [[String: String]])
            #expect(listed.map { $0["session_id"] } == sessions)
            #expect(listed.allSatisfy { Set($0.keys) == ["session_id", "created_at", "updated_at"] })
            #expect(try await client.ask(.GET, "/sessions?username=nobody").json["sessions"] as? [String] == [])
        }
    }

    @Test func `in required mode an API key opens and uses its owner's sessions only`() async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "required"]) { stack in
            let bus = try stack.conversationBus
            func client(_ user: String, _ role: Principal.Role = .user) async throws -> PlainClient {
                let context = CallContext(principal: Principal(user: user, role: role))
                let created = try await bus.call(Keys.Create(name: "tests", role: role), context)
                return PlainClient(port: stack.gateway, credential: created.secret)
            }
            let (alice, bob, root) = (
                try await client("alice"), try await client("bob"), try await client("root", .admin)
            )
            #expect(try await PlainClient(port: stack.gateway).ask(.GET, "/?username=alice").status == 401)
            #expect(try await bob.ask(.GET, "/?username=alice").status == 403)
            let session = try await open(alice, "alice")
            #expect(try await send("Hello", session, alice).status == 200)
            #expect(try await send("Hello", session, bob).status == 404)
            #expect(try await bob.ask(.GET, "/chat_history/\(session)").status == 404)
            #expect(try await send("Hello", session, root).status == 200)
            #expect(try await history(session, root).count == 4)
            #expect(try await bob.ask(.GET, "/sessions?username=alice").status == 403)
        }
    }
}
