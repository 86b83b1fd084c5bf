import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// An answer as a client received it.
struct ReceivedAnswer: Equatable {
    var text = ""
    /// Whether the response reported a complete answer.
    var isFinished = false
    /// The code of the error at the end of the response.
    var fault: String?
}

/// A client of one surface of the gateway, with its own user and conversation.
struct GatewayClient: Sendable {
    /// A public surface of the gateway.
    enum Surface: String, CaseIterable {
        case openAI = "/v1"
        case v1 = "/api/v1"

        /// The error code for a truncated answer.
        var truncationCode: String { self == .openAI ? "upstream_error" : "service_unavailable" }
    }

    let surface: Surface
    private let dialect: FakeDialect
    private let gateway: Int
    private let key: String
    private let conversation: Conversation.ID
    private let client: HTTPClient

    /// Sends a message and reads the response stream to its end.
    func ask(_ text: String) async throws -> ReceivedAnswer {
        switch surface {
        case .openAI:
            let (status, body) = try await post(
                "/v1/chat/completions",
                "{\"model\":\"\(dialect.model)\",\"stream\":true,\(Self.messages(text))}"
            )
            #expect(status == 200, "\(body)")
            return try ReceivedAnswer(chunks: body)
        case .v1:
            let (status, body) = try await post(
                "/api/v1/chat/conversations/\(conversation)/messages",
                "{\"content\":\(text.inJSON),\"stream\":true}"
            )
            #expect(status == 200, "\(body)")
            return try ReceivedAnswer(events: body)
        }
    }

    /// Sends a message to `/v1`, calls `act` when the answer contains a word, and reads the response stream to its end.
    func ask(_ text: String, upTo word: String, then act: () async throws -> Void) async throws -> ReceivedAnswer {
        let response = try await open(
            "/v1/chat/completions",
            "{\"model\":\"\(dialect.model)\",\"stream\":true,\(Self.messages(text))}"
        )
        #expect(response.status == 200)
        var body = ByteBuffer()
        var hasActed = false
        while let bytes = try await response.body.nextRead() {
            body.writeImmutableBuffer(bytes)
            guard !hasActed, String(buffer: body).contains(word) else { continue }
            hasActed = true
            try await act()
        }
        #expect(hasActed)
        return try ReceivedAnswer(chunks: String(buffer: body))
    }

    /// Sends a message to `/v1` without streaming.
    func askWhole(_ text: String) async throws -> (status: Int, body: String) {
        try await post("/v1/chat/completions", "{\"model\":\"\(dialect.model)\",\(Self.messages(text))}")
    }

    private static func messages(_ text: String) -> String {
        "\"messages\":[{\"role\":\"user\",\"content\":\(text.inJSON)}]"
    }

    private func post(_ path: String, _ body: String) async throws -> (Int, String) {
        let response = try await open(path, body)
        return (response.status, String(buffer: try await response.body.collect(upTo: 64_000_000)))
    }

    private func open(_ path: String, _ body: String) async throws -> HTTPClient.Response {
        try await client.send(
            HTTPClient.Request(
                method: .POST,
                url: "http://127.0.0.1:\(gateway)\(path)",
                headers: ["authorization": "Bearer \(key)", "content-type": "application/json"],
                body: ByteBuffer(string: body)
            )
        )
    }
}

extension GatewayClient {
    /// Clients of both surfaces that send requests at the same time.
    struct ClientGroup {
        fileprivate let clients: [[GatewayClient]]

        /// Calls `body` for each number with a client of each surface, or of one.
        func each(
            _ numbers: some Collection<Int>,
            only surface: Surface? = nil,
            _ body: @escaping @Sendable (GatewayClient, Int) async throws -> Void
        ) async throws {
            let numbers = Array(numbers)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, pair) in clients.enumerated() {
                    for client in pair where surface == nil || client.surface == surface {
                        group.addTask {
                            for place in stride(from: index, to: numbers.count, by: clients.count) {
                                try await body(client, numbers[place])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Runs `body` with clients of all five services; the provider follows the instructions in the messages.
    static func with(_ dialect: FakeDialect, _ body: (ClientGroup) async throws -> Void) async throws {
        try await dialect.withServer { server in
            let streamed = ProviderResponse(streamed: dialect, GatewayTruncatedResponseTests.pieces)
            let whole = ProviderResponse(whole: dialect, GatewayTruncatedResponseTests.pieces)
            server.always(dialect.path) { request in
                (request.body.contains("[whole]") ? whole : streamed).reply(to: request)
            }
            try await ServiceStack.with(settings: settings(dialect, server.url)) { stack in
                var clients: [[GatewayClient]] = []
                for number in 0..<8 { clients.append(try await join(stack, dialect, as: "user-\(number)")) }
                try await body(ClientGroup(clients: clients))
            }
        }
    }

    /// Creates a user with a key and a conversation; returns a client for each surface.
    static func join(_ stack: ServiceStack, _ dialect: FakeDialect, as user: String) async throws -> [GatewayClient] {
        let bus = try stack.conversationBus
        let context = CallContext(principal: Principal(user: user))
        let personas = try await bus.call(Personas.List(limit: 1, offset: 0), context)
        let persona = try #require(personas.items.first).id
        let opened = try await bus.call(Conversations.Open(persona: persona), context)
        let key = try await bus.call(Keys.Create(name: "tests"), context).secret
        return Surface.allCases.map { surface in
            GatewayClient(
                surface: surface,
                dialect: dialect,
                gateway: stack.gateway,
                key: key,
                conversation: opened.conversation.id,
                client: HTTPClient()
            )
        }
    }

    /// The settings for one provider, without rate limits.
    static func settings(_ dialect: FakeDialect, _ url: String) -> [String: String] {
        let address =
            switch dialect {
            case .ollama: ["OLLAMA_BASE_URL": url]
            case .openAI: ["OPENAI_BASE_URL": url + "/v1", "OPENAI_API_KEY": "a-key"]
            case .gemini: ["GEMINI_BASE_URL": url, "GEMINI_API_KEY": "a-key"]
            case .anthropic: ["ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "a-key"]
            }
        let limits = ["RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_PER_HOUR": "0", "MAX_CONCURRENT_RUNS": "0"]
        return address.merging(limits) { $1 }.merging(["DEFAULT_MODEL": dialect.model]) { $1 }
    }
}

extension ReceivedAnswer {
    /// Decodes OpenAI's chunks.
    init(chunks body: String) throws {
        for frame in body.components(separatedBy: "\n\n") where !frame.isEmpty && !frame.hasPrefix(":") {
            #expect(fault == nil, "Nothing follows a fault: \(body)")
            let data = try #require(frame.hasPrefix("data: ") ? String(frame.dropFirst(6)) : nil, "\(body)")
            if data == "[DONE]" {
                isFinished = true
                continue
            }
            let chunk = try Self.object(data)
            if let error = chunk["error"] as? [String: Any] {
                #expect(Set(error.keys) == ["message", "type", "param", "code"])
                fault = try #require(error["code"] as? String)
            }
            let choice = (chunk["choices"] as? [[String: Any]])?.first
            text += (choice?["delta"] as? [String: Any])?["content"] as? String ?? ""
            if choice?["finish_reason"] is String { isFinished = true }
        }
    }

    /// Decodes the events of Parley's own surface.
    init(events body: String) throws {
        for frame in body.components(separatedBy: "\n\n") where !frame.isEmpty && !frame.hasPrefix(":") {
            #expect(fault == nil && !isFinished, "Nothing follows the end: \(body)")
            let lines = frame.components(separatedBy: "\n").filter { !$0.hasPrefix("id: ") }
            try #require(lines.count == 2, "\(body)")
            let data = try Self.object(String(lines[1].dropFirst(6)))
            switch lines[0] {
            case "event: user_message": continue
            case "event: token": text += data["text"] as? String ?? ""
            case "event: done": isFinished = true
            case "event: error":
                fault = data["code"] as? String
                #expect(data["status"] as? String == "interrupted")
            default: Issue.record("\(lines[0])")
            }
        }
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }
}
