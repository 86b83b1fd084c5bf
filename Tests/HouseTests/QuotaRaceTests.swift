import Bus
import Contracts
import ConversationService
import Foundation
import GatewayService
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// A quota holds under concurrent requests, from the client's socket to the model.
@Suite(.timeLimit(.minutes(5)))
struct QuotaRaceTests {
    private static let admin = CallContext(principal: Principal(user: "root", role: .admin))

    @Test func `of 100 concurrent messages with a quota of ten, ten reach the model`() async throws {
        try await withServices { gateway, bus, asked in
            let client = HTTPClient()
            let personas = try await bus.call(Personas.List(limit: 1, offset: 0), Self.admin)
            let persona = try #require(personas.items.first).id
            for number in 0..<50 {
                let user = "user-\(number)"
                let context = CallContext(principal: Principal(user: user))
                let quota = Quotas.Set(subject: .user(user), quota: Quota(period: .day, requests: 10))
                _ = try await bus.call(quota, Self.admin)
                var conversations: [Conversation.ID] = []
                for _ in 0..<100 {
                    let open = Conversations.Open(persona: persona, opensAnother: true)
                    conversations.append(try await bus.call(open, context).conversation.id)
                }
                let key = try await bus.call(Keys.Create(name: "race"), context).secret
                let before = asked.withLock(\.self)
                let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                    for (index, id) in conversations.enumerated() {
                        group.addTask { try await send(to: id, streams: index % 2 == 0, key, gateway, client) }
                    }
                    return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
                }
                #expect(statuses == [200: 10, 429: 90])
                #expect(asked.withLock(\.self) - before == 10)
                let standing = try await bus.call(Quotas.Find(subject: .user(user)), context)
                #expect(standing.used.requests == 10)
                #expect(standing.reserved == Usage.Total())
            }
        }
    }

    /// Sends a message and reads the complete response.
    private func send(
        to conversation: Conversation.ID,
        streams: Bool,
        _ key: String,
        _ port: Int,
        _ client: HTTPClient
    ) async throws -> Int {
        let response = try await client.send(
            HTTPClient.Request(
                method: .POST,
                url: "http://127.0.0.1:\(port)/api/v1/chat/conversations/\(conversation)/messages",
                headers: ["authorization": "Bearer \(key)", "content-type": "application/json"],
                body: ByteBuffer(string: "{\"content\":\"Hello\",\"stream\":\(streams)}"),
                headTimeout: .seconds(60),
                readTimeout: .seconds(60)
            )
        )
        let body = String(buffer: try await response.body.collect(upTo: 1_000_000))
        let isWell = streams ? body.contains("event: done") : body.contains("\"status\":\"completed\"")
        #expect(response.status == 429 || isWell, "\(response.status) \(body)")
        #expect(response.status != 429 || body.contains("quota_exceeded"), "\(body)")
        return response.status
    }

    /// Runs a gateway and conversation-svc with a model that counts its requests.
    private func withServices(_ body: (Int, HTTPBus, borrowing Mutex<Int>) async throws -> Void) async throws {
        let model = CountedModel()
        try await withTemporaryDirectory { directory in
            let behind = ServiceUnit.bus(table: model.table, host: "127.0.0.1", port: 0, token: ServiceStack.token)
            try await withRunning(behind) { inference in
                var values = [
                    "DATA_DIR": directory, "BUS_TOKEN": ServiceStack.token, "JWT_SECRET_KEY": ServiceStack.secret,
                    "GATEWAY_PORT": "0", "CONVERSATION_PORT": "0", "MAX_CONCURRENT_RUNS": "0",
                    "RATE_LIMIT_PER_MINUTE": "0", "RATE_LIMIT_PER_HOUR": "0",
                    "INFERENCE_URL": "http://127.0.0.1:\(inference)",
                ]
                let conversation = try await ConversationService.unit(settings: Settings(values: values))
                try await withRunning(conversation) { port in
                    let url = "http://127.0.0.1:\(port)"
                    for name in ["CONVERSATION_URL", "MEDIA_URL", "TRANSCRIPTION_URL"] { values[name] = url }
                    let bus = try HTTPBus(
                        peer: "conversation-svc",
                        urls: [url],
                        token: ServiceStack.token,
                        client: HTTPClient()
                    )
                    let gateway = try await GatewayService.unit(settings: Settings(values: values))
                    try await withRunning(gateway) { try await body($0, bus, model.asked) }
                }
            }
        }
    }
}

/// A model that responds immediately and counts its requests.
private final class CountedModel: Sendable {
    let asked = Mutex(0)

    var table: EndpointTable {
        var table = EndpointTable(service: "inference-svc")
        table.serve(Models.Find.self) { _, _ in Model(name: "counted/model", window: 8192) }
        table.serve(Inference.Generate.self) { _, _ in
            self.asked.withLock { $0 += 1 }
            let usage = Usage(promptTokens: 10, completionTokens: 2, isEstimated: false)
            let finish = Inference.Finish(reason: .stop, model: "counted/model", usage: usage)
            let events = Mutex([Inference.Event(text: "Hello."), Inference.Event(finish: finish)][...])
            return ElementStream(next: { events.withLock { $0.popFirst() }.map { [$0] } }, close: {})
        }
        return table
    }
}
