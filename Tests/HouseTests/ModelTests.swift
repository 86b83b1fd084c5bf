import Contracts
import Foundation
import HTTP
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import TestSupport
import Testing

/// The management of models through all services.
@Suite(.timeLimit(.minutes(5)))
struct ModelTests {
    private let client = HTTPClient()

    private func ask(
        _ stack: ServiceStack,
        _ method: String,
        _ path: String,
        token: String? = nil,
        _ body: [String: Any]? = nil
    ) async throws -> (status: Int, body: String) {
        let response = try await client.send(
            HTTPClient.Request(
                method: .init(rawValue: method),
                url: "http://127.0.0.1:\(stack.gateway)\(path)",
                headers: token.map {
                    ["authorization": "Bearer \($0)", "content-type": "application/json"]
                } ?? ["content-type": "application/json"],
                body: try body.map { ByteBuffer(data: try JSONSerialization.data(withJSONObject: $0)) }
            )
        )
        return (response.status, String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `a model is downloaded, customised, shown and deleted`() async throws {
        try await withFakeOllama { ollama in
            let settings = ["OLLAMA_BASE_URL": ollama.url, "AUTH_MODE": "open"]
            try await ServiceStack.with(settings: settings) { stack in
                let issued = try await ask(stack, "POST", "/auth/token", ["user_id": "alice"])
                let token = try #require(try object(issued.body)["access_token"] as? String)
                let pull = try await ask(stack, "POST", "/api/v1/models/pulls", token: token, ["model": "qwen3"])
                #expect(pull.status == 202)
                let id = try #require(try object(pull.body)["id"] as? String)
                let events = try await ask(stack, "GET", "/api/v1/models/pulls/\(id)/events", token: token)
                #expect(events.body.contains("event: done\n"))
                #expect(events.body.contains("\"completed_bytes\":2030,\"total_bytes\":2030"))
                let recipe = ["model": "maya", "from": "qwen3", "system": "You are Maya."]
                let create = try await ask(stack, "POST", "/api/v1/models", token: token, recipe)
                let made = try #require(try object(create.body)["id"] as? String)
                let making = try await ask(stack, "GET", "/api/v1/models/pulls/\(made)/events", token: token)
                #expect(making.body.contains("event: done\n"))
                let list = try await ask(stack, "GET", "/api/v1/models", token: token)
                for name in ["ollama/qwen3:latest", "ollama/maya:latest", "demo/demo"] {
                    #expect(list.body.contains("\"id\":\"\(name)\""), "\(name)")
                }
                let shown = try await ask(stack, "GET", "/api/v1/models/ollama%2Fmaya", token: token)
                #expect(shown.status == 200 && shown.body.contains("\"full_window\":131072"))
                let deleted = try await ask(stack, "DELETE", "/api/v1/models/ollama/maya:latest", token: token)
                #expect(deleted.status == 200)
                let gone = try await ask(stack, "GET", "/api/v1/models/ollama/maya:latest", token: token)
                #expect(gone.status == 404)
                let jobs = try await ask(stack, "GET", "/api/v1/models/pulls", token: token)
                #expect(try object(jobs.body)["total"] as? Int == 2)
            }
        }
    }

    @Test func `closing the event stream of a download does not cancel it, deleting the job does`() async throws {
        try await withFakeOllama { ollama in
            let endless = FakeResponse.chat(lines: FakeResponse.pullLines(FakeResponse.layers, succeeds: false))
            ollama.always("/api/pull", endless.stalledBeforeEnd)
            let settings = ["OLLAMA_BASE_URL": ollama.url, "AUTH_MODE": "off"]
            try await ServiceStack.with(settings: settings) { stack in
                let pull = try await ask(stack, "POST", "/api/v1/models/pulls", ["model": "ollama/big"])
                let path = "/api/v1/models/pulls/\(try #require(try object(pull.body)["id"] as? String))"
                let request = try HTTPClient.Request(url: "http://127.0.0.1:\(stack.gateway)\(path)/events")
                let watch = try await client.send(request)
                let first = try #require(try await watch.body.nextRead())
                #expect(String(buffer: first).hasPrefix("event: progress\ndata: {"))
                watch.body.close()
                let again = try await ask(stack, "POST", "/api/v1/models/pulls", ["model": "big:latest"])
                #expect(try object(again.body)["joined"] as? Bool == true)
                #expect(ollama.requests("/api/pull").count == 1)
                #expect(ollama.requests("/api/pull").first?.isAbandoned == false)
                let cancelled = try await ask(stack, "DELETE", path)
                #expect(try object(cancelled.body)["state"] as? String == "cancelled")
                try await eventually { ollama.requests("/api/pull").first?.isAbandoned == true }
                let events = try await ask(stack, "GET", "\(path)/events")
                #expect(events.body.hasPrefix("event: done\ndata: {"))
            }
        }
    }
}
