import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Calls and streams end when their API key becomes invalid.
@Suite(.timeLimit(.minutes(5)))
struct KeyLeaseTests {
    private static let chat = "/v1/chat/completions"
    private static let hello = "{\"model\":\"m\",\(ChatTests.hello)}"
    private static let stream = "{\"model\":\"m\",\"stream\":true,\(ChatTests.hello)}"

    private static var begun: Inference.Event {
        var begin = Inference.Event(text: "a")
        begin.begin = Inference.Begin(model: "x/y", attempts: [])
        return begin
    }

    @Test(arguments: [(chat, hello), ("/v1/embeddings", #"{"model":"m","input":"a"}"#)])
    func `a call is cancelled when its key is revoked`(_ path: String, _ body: String) async throws {
        try await TestGateway.with { gateway in
            gateway.services.models.play([Self.begun], hangs: true)
            let (key, secret) = gateway.services.keys.make()
            async let answer = gateway.ask(.POST, path, token: secret, body: body)
            try await eventually("The question") { gateway.services.models.begun == 1 }
            gateway.services.keys.revoke(key.id)
            let refused = try await answer
            #expect(refused.status == 401)
            #expect(refused.error("code") == "invalid_api_key")
            #expect(refused.error("message")?.contains("revoked") == true)
            #expect(refused.headers.first(name: "x-should-retry") == "false")
            try await eventually("The end of the work behind it") { gateway.services.models.left == 1 }
            // The prompt may have been processed.
            try await eventually("The usage") { gateway.services.meter.entries.map(\.key) == [key.id] }
            #expect(gateway.services.meter.entries.first?.total.promptTokens ?? 0 > 0)
        }
    }

    @Test func `a stream that has not started is a 401, a started one ends with an error frame`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            gateway.services.models.play([], hangs: true)
            async let waiting = gateway.ask(.POST, Self.chat, token: secret, body: Self.stream)
            try await eventually("The question") { gateway.services.models.begun == 1 }
            gateway.services.models.play([Self.begun], hangs: true)
            let begun = try await gateway.open(.POST, Self.chat, token: secret, body: Self.stream)
            #expect(begun.status == 200)
            gateway.services.keys.revoke(key.id)
            let refused = try await waiting
            #expect(refused.status == 401)
            #expect(refused.error("code") == "invalid_api_key")
            let frames = try ChatFrames(String(buffer: try await begun.body.collect(upTo: 100_000)))
            #expect(frames.text == "a")
            #expect(!frames.isDone)
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            try await eventually("The end of the work behind them") { gateway.services.models.left == 2 }
        }
    }

    @Test func `a turn is a 401 when its key is revoked`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            gateway.services.hangTurns()
            async let answer = gateway.ask(
                .POST,
                "\(Sample.path)/messages",
                token: secret,
                body: #"{"content":"x"}"#
            )
            try await eventually("The turn") { gateway.services.starts.count == 1 }
            gateway.services.keys.revoke(key.id)
            let refused = try await answer
            #expect(refused.status == 401)
            #expect(refused.body.contains(#""error":"unauthorized""#))
        }
    }

    @Test(arguments: [true, false])
    func `changes during an interruption of the feed are found`(_ isMended: Bool) async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make()
            let (_, other) = gateway.services.keys.make()
            gateway.services.models.play([Self.begun], hangs: true)
            let stream = try await gateway.open(.POST, Self.chat, token: secret, body: Self.stream)
            let kept = try await gateway.open(.POST, Self.chat, token: other, body: Self.stream)
            gateway.services.keys.cut()
            gateway.services.keys.revoke(key.id, tells: false)
            if isMended { gateway.services.keys.cut(false) }
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            try await eventually("The end of the work behind it") { gateway.services.models.left == 1 }
            let checks = gateway.services.keys.checks
            gateway.services.keys.cut(false)
            try await eventually("Another look") { gateway.services.keys.checks > checks }
            #expect(gateway.services.models.left == 1)
            kept.body.close()
        }
    }

    @Test func `a stream ends when its key expires`() async throws {
        try await TestGateway.with { gateway in
            let end = Timestamp(microseconds: Timestamp.now().microseconds + 4_000_000)
            let (_, secret) = gateway.services.keys.make(expiresAt: end)
            gateway.services.models.play([Self.begun], hangs: true)
            let stream = try await gateway.open(.POST, Self.chat, token: secret, body: Self.stream)
            #expect(stream.status == 200)
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            #expect((frames.error?["message"] as? String)?.contains("expired") == true)
            #expect(Timestamp.now() >= end)
        }
    }

    @Test func `a new role ends a stream, a new name or limit does not`() async throws {
        try await TestGateway.with { gateway in
            let (key, secret) = gateway.services.keys.make(role: .admin)
            gateway.services.models.play([Self.begun], hangs: true)
            let stream = try await gateway.open(.POST, Self.chat, token: secret, body: Self.stream)
            try await eventually("The stream of news") { gateway.services.keys.streams > 0 }
            let checks = gateway.services.keys.checks
            gateway.services.keys.change(key.id) { $0.name = "another" }
            try await eventually("A look at the key") { gateway.services.keys.checks > checks }
            gateway.services.keys.change(key.id) { $0.limits.requestsPerMinute = 100 }
            try await eventually("Another look") { gateway.services.keys.checks > checks + 1 }
            #expect(gateway.services.models.left == 0)
            gateway.services.keys.change(key.id) { $0.role = .user }
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect((frames.error?["message"] as? String)?.contains("changed") == true)
        }
    }
}

struct KeyLeaseTableTests {
    private static func key(_ role: Principal.Role = .user, expiresAt: Timestamp? = nil) -> APIKey {
        APIKey(
            id: APIKey.ID(),
            name: "a",
            user: "alice",
            role: role,
            createdAt: Sample.moment,
            expiresAt: expiresAt
        )
    }

    @Test func `if a revalidation fails, changed keys are invalidated and the others stay stale`() {
        var table = KeyLeaseTable()
        let (told, missed) = (Self.key(), Self.key())
        for key in [told, missed] { _ = table.add(key, isStale: false) { _ in } }
        #expect(table.takeKeysToRevalidate(atMost: 10).isEmpty)
        table.markAllStale()
        table.markStale(told.id)
        let staleKeys = table.takeKeysToRevalidate(atMost: 10)
        #expect(staleKeys == [told.id: .changed, missed.id: .possiblyMissed])
        #expect(table.takeKeysToRevalidate(atMost: 10).isEmpty)
        #expect(table.finishRevalidation(staleKeys, by: nil).count == 1)
        #expect(table.takeKeysToRevalidate(atMost: 10) == [missed.id: .possiblyMissed])
        #expect(table.finishRevalidation([missed.id: .possiblyMissed], by: [missed]).isEmpty)
        #expect(table.takeKeysToRevalidate(atMost: 10).isEmpty)
    }

    @Test func `a lease of a key with a later change is stale from the start`() {
        let cache = KeyCache()
        let key = Self.key()
        cache.apply(Keys.Event(quotas: []))
        let version = cache.version
        cache.apply(Keys.Event(key: key.id))
        let lease = cache.addLease(key, since: version) { _ in }
        #expect(cache.takeKeysToRevalidate(atMost: 10) == [key.id: .possiblyMissed])
        cache.removeLease(lease, of: key.id)
        _ = cache.addLease(key, since: cache.version) { _ in }
        #expect(cache.takeKeysToRevalidate(atMost: 10).isEmpty)
    }

    @Test func `a lease follows the key's new expiry, and a removed lease is not invalidated`() {
        var table = KeyLeaseTable()
        let key = Self.key(expiresAt: Timestamp(microseconds: 10))
        let first = table.add(key, isStale: false) { _ in }
        _ = table.add(key, isStale: false) { _ in }
        #expect(table.invalidateExpired(at: Timestamp(microseconds: 9)).isEmpty)
        var later = key
        later.expiresAt = Timestamp(microseconds: 20)
        #expect(table.finishRevalidation([key.id: .changed], by: [later]).isEmpty)
        #expect(table.invalidateExpired(at: Timestamp(microseconds: 10)).isEmpty)
        table.remove(first, of: key.id)
        #expect(table.invalidateExpired(at: Timestamp(microseconds: 20)).count == 1)
        #expect(table.invalidateExpired(at: Timestamp(microseconds: 20)).isEmpty)
    }
}
