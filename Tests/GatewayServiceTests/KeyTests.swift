import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Who comes with an API key.
@Suite(.timeLimit(.minutes(1)))
struct KeyTests {
    private static let path = "/api/v1/chat/conversations"

    private func ask(_ gate: Gate, _ secret: String) async throws -> Int {
        try await gate.ask(.GET, Self.path, token: secret).status
    }

    /// Waits until the gateway hears the news.
    private func heard(_ gate: Gate, _ secret: String) async throws {
        try await eventually("The key to be remembered") {
            _ = try await ask(gate, secret)
            let finds = gate.behind.keys.finds
            _ = try await ask(gate, secret)
            return gate.behind.keys.finds == finds
        }
    }

    @Test(arguments: ["required", "open", "off"])
    func `a key says who comes, in either header, and is asked for once`(_ mode: String) async throws {
        try await Gate.with(["AUTH_MODE": mode]) { gate in
            let (key, secret) = gate.behind.keys.make("bob", role: .admin)
            try await heard(gate, secret)
            let finds = gate.behind.keys.finds
            for headers in [["authorization": "Bearer \(secret)"], ["x-api-key": secret]] as [HTTPHeaders] {
                #expect(try await gate.ask(.GET, Self.path, token: nil, headers: headers).status == 200)
                #expect(gate.behind.contexts.last?.principal == Principal(user: "bob", role: .admin, key: key.id))
            }
            #expect(gate.behind.keys.finds == finds)
        }
    }

    @Test func `a revoked key is refused within a second, and a changed one is as it was changed`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            try await heard(gate, secret)
            gate.behind.keys.change(key.id) { $0.role = .admin }
            try await eventually("The new role", within: .seconds(5)) {
                _ = try await ask(gate, secret)
                return gate.behind.contexts.last?.principal?.role == .admin
            }
            gate.behind.keys.revoke(key.id)
            try await eventually("The refusal", within: .seconds(5)) { try await ask(gate, secret) == 401 }
            #expect(try await ask(gate, secret) == 401)
        }
    }

    @Test func `while there are no news every request asks, and afterwards none does`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            try await heard(gate, secret)
            gate.behind.keys.cut()
            try await eventually("The loss") {
                let finds = gate.behind.keys.finds
                _ = try await ask(gate, secret)
                return gate.behind.keys.finds > finds
            }
            let finds = gate.behind.keys.finds
            for _ in 0..<5 { #expect(try await ask(gate, secret) == 200) }
            #expect(gate.behind.keys.finds == finds + 5)
            // Nobody tells of it, and it holds at once.
            gate.behind.keys.revoke(key.id, tells: false)
            #expect(try await ask(gate, secret) == 401)
            let (_, other) = gate.behind.keys.make()
            gate.behind.keys.cut(false)
            try await heard(gate, other)
        }
    }

    @Test func `a stream that is open and silent is believed for a second and no longer`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            try await heard(gate, secret)
            gate.behind.keys.stall()
            gate.behind.keys.revoke(key.id)
            try await eventually("The refusal", within: .seconds(5)) { try await ask(gate, secret) == 401 }
        }
    }

    @Test func `what is missed while the stream is cut is not believed afterwards`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            try await heard(gate, secret)
            let streams = gate.behind.keys.streams
            gate.behind.keys.cut()
            gate.behind.keys.revoke(key.id, tells: false)
            gate.behind.keys.cut(false)
            try await eventually("The stream's return", within: .seconds(5)) { gate.behind.keys.streams > streams }
            try await eventually("The refusal", within: .seconds(5)) { try await ask(gate, secret) == 401 }
        }
    }

    @Test func `a stream that is open ends when its key is revoked`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            try await heard(gate, secret)
            gate.behind.play(.events([Run.Event(number: 1, text: "Well")]), .hang)
            let path = "\(Sample.path)/runs/\(Sample.run.id)/events"
            let response = try await gate.open(.GET, path, token: secret)
            let other = try await gate.open(.GET, path)
            #expect(response.status == 200)
            gate.behind.keys.revoke(key.id)
            let body = String(buffer: try await response.body.collect(upTo: 100_000))
            #expect(body.contains("event: error"))
            try await eventually("The end of the watch behind it") { gate.behind.left == 1 }
            other.body.close()
        }
    }

    @Test func `an expired key is refused`() async throws {
        try await Gate.with { gate in
            let (_, late) = gate.behind.keys.make(expiresAt: Timestamp(microseconds: 1))
            let answer = try await gate.ask(.GET, Self.path, token: late)
            #expect(answer.status == 401)
            #expect(answer.body.contains("expired"))
        }
    }

    @Test func `guessing does not hammer conversation-svc`() async throws {
        try await Gate.with { gate in
            for _ in 0..<20 { #expect(try await ask(gate, "sk-parley-\(String(repeating: "0", count: 38))") == 401) }
            #expect(gate.behind.keys.finds == 0)
            let one = KeySecret().text
            for _ in 0..<20 { #expect(try await ask(gate, one) == 401) }
            #expect(gate.behind.keys.finds == 1)
            let (_, known) = gate.behind.keys.make()
            try await heard(gate, known)
            let finds = gate.behind.keys.finds
            var statuses: Set<Int> = []
            for _ in 0..<100 { statuses.insert(try await ask(gate, KeySecret().text)) }
            #expect(statuses == [401, 429])
            #expect(gate.behind.keys.finds - finds <= 40)
            // Who is known is let in all the same.
            #expect(try await ask(gate, known) == 200)
            #expect(try await ask(gate, Gate.token()) == 200)
        }
    }

    @Test func `many who come at once with one new key ask for it once`() async throws {
        try await Gate.with { gate in
            let (_, secret) = gate.behind.keys.make()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await ask(gate, secret) } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(gate.behind.keys.finds < 50)
        }
    }

    @Test func `a key's own rate limits hold beside the user's`() async throws {
        try await Gate.with(["RATE_LIMIT_PER_MINUTE": "10"]) { gate in
            let (_, one) = gate.behind.keys.make(limits: APIKey.Limits(requestsPerMinute: 2))
            let (_, other) = gate.behind.keys.make(limits: APIKey.Limits(requestsPerHour: 1))
            for status in [200, 200, 429] { #expect(try await ask(gate, one) == status) }
            for status in [200, 429] { #expect(try await ask(gate, other) == status) }
            let refused = try await gate.ask(.GET, Self.path, token: other)
            #expect(refused.body.contains(#""limit_type":"per_hour","limit":1"#))
            let answer = try await gate.ask(.GET, Self.path)
            #expect(answer.headers.first(name: "x-ratelimit-remaining-minute") == "6")
        }
    }
}
