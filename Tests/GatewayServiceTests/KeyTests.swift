import Bus
import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct KeyTests {
    private static let path = "/api/v1/chat/conversations"

    private func ask(_ gateway: TestGateway, _ secret: String) async throws -> Int {
        try await gateway.ask(.GET, Self.path, token: secret).status
    }

    /// Waits until the change feed is connected.
    private func heard(_ gateway: TestGateway, _ secret: String) async throws {
        try await eventually("The key to be remembered") {
            _ = try await ask(gateway, secret)
            let finds = gateway.services.keys.finds
            _ = try await ask(gateway, secret)
            return gateway.services.keys.finds == finds
        }
    }

    @Test(arguments: ["required", "open", "off"])
    func `a key identifies the caller in both headers and is looked up once`(_ mode: String) async throws {
        try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
            let (key, secret) = gateway.services.keys.make("bob", role: .admin)
            try await heard(gateway, secret)
            let finds = gateway.services.keys.finds
            for headers in [["authorization": "Bearer \(secret)"], ["x-api-key": secret]] as [HTTPHeaders] {
                #expect(try await gateway.ask(.GET, Self.path, token: nil, headers: headers).status == 200)
                #expect(gateway.services.contexts.last?.principal == Principal(user: "bob", role: .admin, key: key.id))
            }
            #expect(gateway.services.keys.finds == finds)
        }
    }

    @Test func `changes and revocations apply within a second`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            try await heard(gateway, secret)
            gateway.services.keys.change(key.id) { $0.role = .admin }
            try await eventually("The new role") {
                _ = try await ask(gateway, secret)
                return gateway.services.contexts.last?.principal?.role == .admin
            }
            gateway.services.keys.revoke(key.id)
            try await eventually("The refusal") { try await ask(gateway, secret) == 401 }
            #expect(try await ask(gateway, secret) == 401)
        }
    }

    @Test func `without the change feed every request looks the key up`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            try await heard(gateway, secret)
            gateway.services.keys.cut()
            try await eventually("The loss") {
                let finds = gateway.services.keys.finds
                _ = try await ask(gateway, secret)
                return gateway.services.keys.finds > finds
            }
            let finds = gateway.services.keys.finds
            for _ in 0..<5 { #expect(try await ask(gateway, secret) == 200) }
            #expect(gateway.services.keys.finds == finds + 5)
            // The revocation applies at once, without an event.
            gateway.services.keys.revoke(key.id, tells: false)
            #expect(try await ask(gateway, secret) == 401)
            let (_, other) = gateway.services.keys.make()
            gateway.services.keys.cut(false)
            try await heard(gateway, other)
        }
    }

    @Test func `a silent change feed is trusted for a second only`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            try await heard(gateway, secret)
            gateway.services.keys.stall()
            gateway.services.keys.revoke(key.id)
            try await eventually("The refusal") { try await ask(gateway, secret) == 401 }
        }
    }

    @Test func `changes during an interruption are not served from the cache`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            try await heard(gateway, secret)
            let streams = gateway.services.keys.streams
            gateway.services.keys.cut()
            gateway.services.keys.revoke(key.id, tells: false)
            gateway.services.keys.cut(false)
            try await eventually("The stream's return") { gateway.services.keys.streams > streams }
            try await eventually("The refusal") { try await ask(gateway, secret) == 401 }
        }
    }

    @Test func `an open stream ends when its key is revoked`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            try await heard(gateway, secret)
            gateway.services.play(.events([Run.Event(number: 1, text: "Well")]), .hang)
            let path = "\(Sample.path)/runs/\(Sample.run.id)/events"
            let response = try await gateway.open(.GET, path, token: secret)
            let other = try await gateway.open(.GET, path)
            #expect(response.status == 200)
            gateway.services.keys.revoke(key.id)
            let body = String(buffer: try await response.body.collect(upTo: 100_000))
            #expect(body.contains("event: error"))
            try await eventually("The end of the watch behind it") { gateway.services.left == 1 }
            other.body.close()
        }
    }

    @Test func `an expired key is rejected`() async throws {
        try await TestGateway.with { gateway in
            let (_, late) = gateway.services.keys.make(expiresAt: Timestamp(microseconds: 1))
            let answer = try await gateway.ask(.GET, Self.path, token: late)
            #expect(answer.status == 401)
            #expect(answer.body.contains("expired"))
        }
    }

    @Test func `malformed and repeated keys are rejected without a look-up`() async throws {
        try await TestGateway.with { gateway in
            let malformed = "sk-parley-\(String(repeating: "0", count: 38))"
            for _ in 0..<20 {
                let status = try await ask(gateway, malformed)
                #expect(status == 401)
            }
            #expect(gateway.services.keys.finds == 0)
            let one = KeySecret().text
            for _ in 0..<20 { #expect(try await ask(gateway, one) == 401) }
            #expect(gateway.services.keys.finds == 1)
        }
    }

    @Test func `after too many invalid keys an address gets 429 for invalid keys, and valid keys are accepted`()
        async throws
    {
        try await TestGateway.with { gateway in
            let one = KeySecret().text
            #expect(try await ask(gateway, one) == 401)
            var statuses: [Int] = []
            for _ in 0..<60 { statuses.append(try await ask(gateway, KeySecret().text)) }
            #expect(statuses.prefix(29).allSatisfy { $0 == 401 })
            #expect(Set(statuses) == [401, 429])
            // One more is permitted every two seconds, which the requests between use up.
            try await eventually("The refusal") {
                let refused = try await gateway.ask(.GET, Self.path, token: KeySecret().text)
                guard refused.status == 429 else { return false }
                #expect(refused.isEnvelope)
                #expect(refused.headers.first(name: "retry-after") != nil)
                return true
            }
            for invalid in [one, "sk-parley-x"] {
                try await eventually("The refusal of a repeated and of a malformed key") {
                    _ = try await ask(gateway, KeySecret().text)
                    return try await ask(gateway, invalid) == 429
                }
            }
            // None of these keys was used before.
            for _ in 0..<5 {
                let (_, secret) = gateway.services.keys.make()
                #expect(try await ask(gateway, secret) == 200)
                let headers: HTTPHeaders = ["x-api-key": secret]
                #expect(try await gateway.ask(.GET, Self.path, token: nil, headers: headers).status == 200)
            }
            #expect(try await ask(gateway, TestGateway.token()) == 200)
        }
    }

    @Test func `a flood of invalid keys has few concurrent look-ups and does not block a valid key`() async throws {
        try await TestGateway.with { gateway in
            for _ in 0..<31 { _ = try await ask(gateway, KeySecret().text) }
            gateway.services.keys.slowDown(by: .milliseconds(5))
            let (_, secret) = gateway.services.keys.make()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<200 { group.addTask { try await ask(gateway, KeySecret().text) } }
                try await eventually("The flood") { gateway.services.keys.finds > 50 }
                #expect(try await ask(gateway, secret) == 200)
                for try await status in group { #expect(status == 429) }
            }
            #expect(gateway.services.keys.mostConcurrentFinds <= 4)
        }
    }

    @Test func `behind a trusted proxy each client has its own limit`() async throws {
        try await TestGateway.with(["TRUSTED_PROXIES": "192.0.2.9, 127.0.0.0/8"]) { gateway in
            func ask(_ client: String) async throws -> Int {
                let headers: HTTPHeaders = ["x-forwarded-for": client]
                return try await gateway.ask(.GET, Self.path, token: KeySecret().text, headers: headers).status
            }
            for number in 0..<40 { _ = try await ask("198.51.100.\(number), 192.0.2.1") }
            #expect(try await ask("192.0.2.1") == 429)
            #expect(try await ask("192.0.2.2") == 401)
        }
    }

    @Test func `without a trusted proxy a client cannot choose its address`() async throws {
        try await TestGateway.with(["TRUSTED_PROXIES": "192.0.2.9"]) { gateway in
            var statuses: Set<Int> = []
            for number in 0..<40 {
                let headers: HTTPHeaders = [
                    "x-forwarded-for": "192.0.2.\(number)", "forwarded": "for=192.0.2.\(number)",
                ]
                let answer = try await gateway.ask(.GET, Self.path, token: KeySecret().text, headers: headers)
                statuses.insert(answer.status)
            }
            #expect(statuses == [401, 429])
        }
    }

    @Test func `concurrent requests with one key share a look-up`() async throws {
        try await TestGateway.with { gateway in
            let (_, secret) = gateway.services.keys.make()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<50 { group.addTask { try await ask(gateway, secret) } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(gateway.services.keys.finds < 50)
        }
    }

    @Test func `a key's own rate limits apply in addition to the user's`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "10"]) { gateway in
            let (_, one) = gateway.services.keys.make(limits: APIKey.Limits(requestsPerMinute: 2))
            let (_, other) = gateway.services.keys.make(limits: APIKey.Limits(requestsPerHour: 1))
            for status in [200, 200, 429] { #expect(try await ask(gateway, one) == status) }
            for status in [200, 429] { #expect(try await ask(gateway, other) == status) }
            let refused = try await gateway.ask(.GET, Self.path, token: other)
            #expect(refused.body.contains(#""limit_type":"per_hour","limit":1"#))
            let answer = try await gateway.ask(.GET, Self.path)
            #expect(answer.headers.first(name: "x-ratelimit-remaining-minute") == "6")
        }
    }
}
