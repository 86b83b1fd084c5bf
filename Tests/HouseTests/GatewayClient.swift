import Bus
import Contracts
import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// What somebody was told of an answer.
struct Told: Equatable {
    var text = ""
    /// Whether it was said to be whole, in whatever way.
    var isFinished = false
    /// The name of the fault that it was said to have ended with.
    var fault: String?
}

/// Somebody who asks the gateway, by one of its surfaces, and has a conversation of their own.
struct GatewayClient: Sendable {
    /// How the gateway is asked.
    enum Surface: String, CaseIterable {
        case openAI = "/v1"
        case v1 = "/api/v1"

        /// The name of the fault when a model's answer broke off.
        var brokenOff: String { self == .openAI ? "upstream_error" : "service_unavailable" }
    }

    let surface: Surface
    private let dialect: FakeDialect
    private let gateway: Int
    private let key: String
    private let conversation: Conversation.ID
    private let client: HTTPClient

    /// Asks, and reads the stream to its proper end.
    func ask(_ text: String) async throws -> Told {
        switch surface {
        case .openAI:
            let (status, body) = try await post(
                "/v1/chat/completions",
                "{\"model\":\"\(dialect.model)\",\"stream\":true,\(Self.messages(text))}"
            )
            #expect(status == 200, "\(body)")
            return try Told(chunks: body)
        case .v1:
            let (status, body) = try await post(
                "/api/v1/chat/conversations/\(conversation)/messages",
                "{\"content\":\(text.inJSON),\"stream\":true}"
            )
            #expect(status == 200, "\(body)")
            return try Told(events: body)
        }
    }

    /// Asks `/v1`, does something as soon as the answer says a word, and reads on to the stream's proper end.
    func ask(_ text: String, upTo word: String, then act: () async throws -> Void) async throws -> Told {
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
        return try Told(chunks: String(buffer: body))
    }

    /// Asks `/v1` for the answer in one piece.
    func askWhole(_ text: String) async throws -> (status: Int, body: String) {
        try await post("/v1/chat/completions", "{\"model\":\"\(dialect.model)\",\(Self.messages(text))}")
    }

    private static func messages(_ text: String) -> String {
        "\"messages\":[{\"role\":\"user\",\"content\":\(text.inJSON)}]"
    }

    private func post(_ path: String, _ body: String) async throws -> (Int, String) {
        let response = try await open(path, body)
        return (response.status, String(buffer: try await response.body.collect(upTo: 1_000_000)))
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
    /// Those who ask one system at once: some for each surface.
    struct Crowd {
        fileprivate let clients: [[GatewayClient]]

        /// Does something for each number by each surface, or by one only.
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

    /// Runs `body` with some who ask all five services, behind which a provider answers as its users say.
    static func with(_ dialect: FakeDialect, _ body: (Crowd) async throws -> Void) async throws {
        try await dialect.withServer { server in
            let streamed = AnswerForm(streamed: dialect, GatewayCutTests.pieces)
            let whole = AnswerForm(whole: dialect, GatewayCutTests.pieces)
            server.always(dialect.path) { request in
                let wantsWhole = dialect == .openAI && !request.body.contains("\"stream\":true")
                return (wantsWhole ? whole : streamed).reply(to: request)
            }
            try await House.with(settings: settings(dialect, server.url)) { house in
                var clients: [[GatewayClient]] = []
                for number in 0..<8 { clients.append(try await join(house, dialect, as: "user-\(number)")) }
                try await body(Crowd(clients: clients))
            }
        }
    }

    /// A new user with a key and a conversation, by each surface.
    static func join(_ house: House, _ dialect: FakeDialect, as user: String) async throws -> [GatewayClient] {
        let bus = try house.conversationBus
        let context = CallContext(principal: Principal(user: user))
        let personas = try await bus.call(Personas.List(limit: 1, offset: 0), context)
        let persona = try #require(personas.items.first).id
        let opened = try await bus.call(Conversations.Open(persona: persona), context)
        let key = try await bus.call(Keys.Create(name: "tests"), context).secret
        return Surface.allCases.map { surface in
            GatewayClient(
                surface: surface,
                dialect: dialect,
                gateway: house.gateway,
                key: key,
                conversation: opened.conversation.id,
                client: HTTPClient()
            )
        }
    }

    /// The settings of a system that knows one provider, and counts nothing.
    static func settings(_ dialect: FakeDialect, _ url: String) -> [String: String] {
        let address =
            switch dialect {
            case .ollama: ["OLLAMA_BASE_URL": url]
            case .openAI: ["OPENAI_BASE_URL": url + "/v1", "OPENAI_API_KEY": "a-key"]
            case .gemini: ["GEMINI_BASE_URL": url, "GEMINI_API_KEY": "a-key"]
            }
        let limits = ["RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_PER_HOUR": "0", "MAX_CONCURRENT_RUNS": "0"]
        return address.merging(limits) { $1 }.merging(["DEFAULT_MODEL": dialect.model]) { $1 }
    }
}

extension Told {
    /// Reads OpenAI's chunks.
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

    /// Reads the events of Parley's own interface.
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
