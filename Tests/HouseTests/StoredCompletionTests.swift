import Bus
import Contracts
import ConversationService
import Foundation
import GatewayService
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// `store: true`: completions that are stored as conversations, through all services.
@Suite(.timeLimit(.minutes(5)))
struct StoredCompletionTests {
    private let client = HTTPClient()

    private struct Answer {
        var status: Int
        var conversation: String?
        var body: String

        var json: [String: Any] {
            get throws {
                try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
            }
        }
    }

    private func ask(
        _ port: Int,
        _ method: String,
        _ path: String,
        key: String? = nil,
        _ body: [String: Any]? = nil
    ) async throws -> Answer {
        var headers: HTTPHeaders = ["content-type": "application/json"]
        if let key { headers.add(name: "authorization", value: "Bearer \(key)") }
        let response = try await client.send(
            HTTPClient.Request(
                method: .init(rawValue: method),
                url: "http://127.0.0.1:\(port)\(path)",
                headers: headers,
                body: try body.map { ByteBuffer(data: try JSONSerialization.data(withJSONObject: $0)) },
                headTimeout: .seconds(30)
            )
        )
        return Answer(
            status: response.status,
            conversation: response.headers.first(name: "x-parley-conversation"),
            body: String(buffer: try await response.body.collect(upTo: 1 << 24))
        )
    }

    private func chat(_ port: Int, key: String? = nil, isStream: Bool, _ text: String = "Hello") async throws -> Answer
    {
        let messages = [["role": "system", "content": "You are brief."], ["role": "user", "content": text]]
        let body: [String: Any] = ["model": "demo", "store": true, "stream": isStream, "messages": messages]
        return try await ask(port, "POST", "/v1/chat/completions", key: key, body)
    }

    private func messages(_ port: Int, _ id: String, _ key: String) async throws -> [[String: Any]] {
        let answer = try await ask(port, "GET", "/api/v1/chat/conversations/\(id)/messages?order=asc", key: key)
        #expect(answer.status == 200, "\(answer.body)")
        return try answer.json["messages"] as? [[String: Any]] ?? []
    }

    @Test(arguments: [true, false])
    func `a stored completion is listed, read and continued`(_ isStream: Bool) async throws {
        try await ServiceStack.with(settings: ["AUTH_MODE": "open"]) { stack in
            let port = stack.gateway
            let issued = try await ask(port, "POST", "/auth/token", ["user_id": "local"])
            let token = try #require(try issued.json["access_token"] as? String)
            let answer = try await chat(port, isStream: isStream)
            let id = try #require(answer.conversation)
            let listed = try await ask(port, "GET", "/api/v1/chat/conversations", key: token)
            #expect(listed.body.contains(id))
            let said = try await messages(port, id, token)
            #expect(said.map { $0["role"] as? String } == ["user", "assistant"])
            #expect(said.first?["content"] as? String == "Hello")
            let text = try #require(said.last?["content"] as? String)
            let opening = try #require(text.split(separator: " ").first)
            #expect(answer.body.contains(opening))
            let run = try #require(said.last?["run_id"] as? String)
            let shown = try await ask(port, "GET", "/api/v1/chat/conversations/\(id)/runs/\(run)", key: token).json
            #expect(shown["model"] as? String == "demo/demo" && shown["finish_reason"] as? String == "stop")
            #expect((shown["usage"] as? [String: Any])?["total_tokens"] as? Int ?? 0 > 0)
            let sent = try await ask(
                port,
                "POST",
                "/api/v1/chat/conversations/\(id)/messages",
                key: token,
                ["content": "And now?"]
            )
            #expect(sent.body.contains("\"status\":\"completed\""), "\(sent.body)")
            #expect(try await messages(port, id, token).count == 4)
            // One completion and one turn.
            try await eventually("The usage of both") {
                let usage = try await ask(port, "GET", "/api/v1/usage", key: token).json
                return (usage["total"] as? [String: Any])?["requests"] as? Int == 2
            }
        }
    }

    @Test func `concurrent completions within a quota are stored once each`() async throws {
        try await ServiceStack.with(settings: ["MAX_CONCURRENT_RUNS": "0"]) { stack in
            let bus = try bus(to: stack.conversation)
            let alice = CallContext(principal: Principal(user: "alice"))
            let admin = CallContext(principal: Principal(user: "root", role: .admin))
            let quota = Quotas.Set(subject: .user("alice"), quota: Quota(period: .day, requests: 20))
            _ = try await bus.call(quota, admin)
            let key = try await bus.call(Keys.Create(name: "store"), alice).secret
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        try await chat(stack.gateway, key: key, isStream: number.isMultiple(of: 2), "No. \(number)")
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 200 } == 20)
            #expect(answers.count { $0.status == 429 } == 10)
            let named = Set(answers.compactMap(\.conversation))
            #expect(named.count == 20)
            let page = try await bus.call(Conversations.List(limit: 100, offset: 0), alice)
            #expect(Set(page.items.map(\.id.description)) == named)
            #expect(page.items.allSatisfy { $0.messageCount == 2 })
            // Settlements follow the responses.
            try await eventually("All 20 requests are counted") {
                try await bus.call(Quotas.Find(subject: .user("alice")), alice).used.requests == 20
            }
        }
    }

    @Test(arguments: [true, false])
    func `a completion is returned while conversation-svc is down, and stored soon after`(
        _ isStream: Bool
    ) async throws {
        try await withTemporaryDirectory { directory in
            let model = BlockingModel()
            let behind = ServiceUnit.bus(table: model.table, host: "127.0.0.1", port: 0, token: ServiceStack.token)
            try await withRunning(behind) { inferencePort in
                var values = [
                    "DATA_DIR": directory, "BUS_TOKEN": ServiceStack.token, "JWT_SECRET_KEY": ServiceStack.secret,
                    "AUTH_MODE": "open",
                    "GATEWAY_PORT": "0", "CONVERSATION_PORT": "0", "INFERENCE_URL": "http://127.0.0.1:\(inferencePort)",
                ]
                let port = try await withConversations(values) { $0 }
                values["CONVERSATION_PORT"] = "\(port)"
                for name in ["CONVERSATION_URL", "MEDIA_URL", "TRANSCRIPTION_URL"] {
                    values[name] = "http://127.0.0.1:\(port)"
                }
                let gateway = try await GatewayService.unit(settings: Settings(values: values))
                try await withRunning(gateway) { [values] gatewayPort in
                    let lost = try await withConversations(values) { _ in
                        try await asked(gatewayPort, isStream, model)
                    }
                    model.release()
                    let answer = try await lost.value
                    #expect(answer.status == 200 && (answer.conversation != nil) == isStream)
                    #expect(answer.body.contains(isStream ? "[DONE]" : "Held."))
                    let late = try await withConversations(values) { _ in
                        try await asked(gatewayPort, isStream, model)
                    }
                    model.release()
                    try await Task.sleep(for: .milliseconds(300))
                    try await withConversations(values) { _ in
                        let kept = try await late.value
                        let local = CallContext(principal: Principal(user: "local"))
                        let page = try await bus(to: port).call(Conversations.List(limit: 10, offset: 0), local)
                        #expect(page.items.map(\.id.description) == [kept.conversation])
                    }
                }
            }
        }
    }

    /// Starts a completion; returns when the model is processing it.
    private func asked(_ port: Int, _ isStream: Bool, _ model: BlockingModel) async throws -> Task<Answer, any Error> {
        try await eventually("The gateway") { try await ask(port, "GET", "/readyz").status == 200 }
        let call = Task { try await chat(port, isStream: isStream) }
        try await eventually("The model") { model.isBusy }
        return call
    }

    /// Runs conversation-svc when an earlier process has released the database.
    private func withConversations<Value>(
        _ values: [String: String],
        _ body: (Int) async throws -> Value
    ) async throws -> Value {
        var unit: ServiceUnit?
        try await eventually("The file is free") {
            do {
                unit = try await ConversationService.unit(settings: Settings(values: values))
                return true
            } catch let fault as Fault where fault.code == .conflict {
                return false
            }
        }
        return try await withRunning(try #require(unit), body)
    }

    private func bus(to port: Int) throws -> HTTPBus {
        try HTTPBus(
            peer: "conversation-svc",
            urls: ["http://127.0.0.1:\(port)"],
            token: ServiceStack.token,
            client: HTTPClient()
        )
    }
}

/// A model that responds when it is released.
private final class BlockingModel: Sendable {
    private struct State {
        var isBusy = false
        var isReleased = false
    }

    private let state = Mutex(State())

    var isBusy: Bool { state.withLock { $0.isBusy } }

    func release() {
        state.withLock { $0.isReleased = true }
    }

    private func wait() async throws {
        state.withLock { $0 = State(isBusy: true, isReleased: false) }
        try await eventually("The release") { self.state.withLock { $0.isReleased } }
        state.withLock { $0.isBusy = false }
    }

    var table: EndpointTable {
        let usage = Usage(promptTokens: 10, completionTokens: 2, isEstimated: false)
        let finish = Inference.Finish(reason: .stop, model: "held/model", usage: usage)
        var table = EndpointTable(service: "inference-svc")
        table.serve(Inference.Complete.self) { _, _ in
            try await self.wait()
            var answer = Inference.Answer(begin: Inference.Begin(model: "held/model", attempts: []), finish: finish)
            answer.text = "Held."
            return answer
        }
        table.serve(Inference.Generate.self) { _, _ in
            var begin = Inference.Event(text: "He")
            begin.begin = Inference.Begin(model: "held/model", attempts: [])
            let events = Mutex([begin, Inference.Event(text: "ld."), Inference.Event(finish: finish)][...])
            return ElementStream(
                next: {
                    let count = events.withLock { $0.count }
                    if count == 2 { try await self.wait() }
                    return events.withLock { $0.popFirst() }.map { [$0] }
                },
                close: {}
            )
        }
        return table
    }
}
