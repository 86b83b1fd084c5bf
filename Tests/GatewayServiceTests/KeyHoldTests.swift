import Contracts
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// What goes on by an API key ends with the key, whatever it is and however the gateway learns of it.
@Suite(.timeLimit(.minutes(1)))
struct KeyHoldTests {
    private static let chat = "/v1/chat/completions"
    private static let hello = "{\"model\":\"m\",\(ChatTests.hello)}"
    private static let stream = "{\"model\":\"m\",\"stream\":true,\(ChatTests.hello)}"

    private static var begun: Inference.Event {
        var begin = Inference.Event(text: "a")
        begin.begin = Inference.Begin(model: "x/y", attempts: [])
        return begin
    }

    @Test(arguments: [(chat, hello), ("/v1/embeddings", #"{"model":"m","input":"a"}"#)])
    func `a whole answer is given up when its key is revoked`(_ path: String, _ body: String) async throws {
        try await Gate.with { gate in
            gate.behind.models.play([Self.begun], hangs: true)
            let (key, secret) = gate.behind.keys.make()
            async let answer = gate.ask(.POST, path, token: secret, body: body)
            try await eventually("The question") { gate.behind.models.begun == 1 }
            gate.behind.keys.revoke(key.id)
            let refused = try await answer
            #expect(refused.status == 401)
            #expect(refused.error("code") == "invalid_api_key")
            #expect(refused.error("message")?.contains("revoked") == true)
            #expect(refused.headers.first(name: "x-should-retry") == "false")
            try await eventually("The end of the work behind it") { gate.behind.models.left == 1 }
            // What was asked may have been worked on.
            try await eventually("The usage") { gate.behind.meter.entries.map(\.key) == [key.id] }
            #expect(gate.behind.meter.entries.first?.tally.promptTokens ?? 0 > 0)
        }
    }

    @Test func `a stream that has not begun is refused, one that has ends with a frame`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            gate.behind.models.play([], hangs: true)
            async let waiting = gate.ask(.POST, Self.chat, token: secret, body: Self.stream)
            try await eventually("The question") { gate.behind.models.begun == 1 }
            gate.behind.models.play([Self.begun], hangs: true)
            let begun = try await gate.open(.POST, Self.chat, token: secret, body: Self.stream)
            #expect(begun.status == 200)
            gate.behind.keys.revoke(key.id)
            let refused = try await waiting
            #expect(refused.status == 401)
            #expect(refused.error("code") == "invalid_api_key")
            let frames = try ChatFrames(String(buffer: try await begun.body.collect(upTo: 100_000)))
            #expect(frames.text == "a")
            #expect(!frames.isDone)
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            try await eventually("The end of the work behind them") { gate.behind.models.left == 2 }
        }
    }

    @Test func `a whole turn of a conversation is answered 401 when its key is revoked`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            gate.behind.hangTurns()
            async let answer = gate.ask(
                .POST,
                "\(Sample.path)/messages",
                token: secret,
                body: #"{"content":"x"}"#
            )
            try await eventually("The turn") { gate.behind.starts.count == 1 }
            gate.behind.keys.revoke(key.id)
            let refused = try await answer
            #expect(refused.status == 401)
            #expect(refused.body.contains(#""error":"unauthorized""#))
        }
    }

    @Test(arguments: [true, false])
    func `what is missed while the news are broken is found out`(_ isMended: Bool) async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make()
            let (_, other) = gate.behind.keys.make()
            gate.behind.models.play([Self.begun], hangs: true)
            let stream = try await gate.open(.POST, Self.chat, token: secret, body: Self.stream)
            let kept = try await gate.open(.POST, Self.chat, token: other, body: Self.stream)
            gate.behind.keys.cut()
            gate.behind.keys.revoke(key.id, tells: false)
            if isMended { gate.behind.keys.cut(false) }
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            try await eventually("The end of the work behind it") { gate.behind.models.left == 1 }
            let checks = gate.behind.keys.checks
            gate.behind.keys.cut(false)
            try await eventually("Another look") { gate.behind.keys.checks > checks }
            #expect(gate.behind.models.left == 1)
            kept.body.close()
        }
    }

    @Test func `what goes on by a key ends when the key does`() async throws {
        try await Gate.with { gate in
            let end = Timestamp(microseconds: Timestamp.now().microseconds + 4_000_000)
            let (_, secret) = gate.behind.keys.make(expiresAt: end)
            gate.behind.models.play([Self.begun], hangs: true)
            let stream = try await gate.open(.POST, Self.chat, token: secret, body: Self.stream)
            #expect(stream.status == 200)
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect(frames.error?["code"] as? String == "invalid_api_key")
            #expect((frames.error?["message"] as? String)?.contains("expired") == true)
            #expect(Timestamp.now() >= end)
        }
    }

    @Test func `a key that gets another name or other limits ends nothing, one with another role does`() async throws {
        try await Gate.with { gate in
            let (key, secret) = gate.behind.keys.make(role: .admin)
            gate.behind.models.play([Self.begun], hangs: true)
            let stream = try await gate.open(.POST, Self.chat, token: secret, body: Self.stream)
            try await eventually("The stream of news") { gate.behind.keys.streams > 0 }
            let checks = gate.behind.keys.checks
            gate.behind.keys.change(key.id) { $0.name = "another" }
            try await eventually("A look at the key") { gate.behind.keys.checks > checks }
            gate.behind.keys.change(key.id) { $0.limits.requestsPerMinute = 100 }
            try await eventually("Another look") { gate.behind.keys.checks > checks + 1 }
            #expect(gate.behind.models.left == 0)
            gate.behind.keys.change(key.id) { $0.role = .user }
            let frames = try ChatFrames(String(buffer: try await stream.body.collect(upTo: 100_000)))
            #expect((frames.error?["message"] as? String)?.contains("changed") == true)
        }
    }
}

/// The rules of what is held, without a gateway.
struct HeldKeysTests {
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

    @Test func `who is told of and cannot be looked at ends, who may have been missed stays in doubt`() {
        var held = HeldKeys()
        let (told, missed) = (Self.key(), Self.key())
        for key in [told, missed] { _ = held.hold(key, isDoubtful: false) { _ in } }
        #expect(held.takeDoubts(atMost: 10).isEmpty)
        held.doubtAll()
        held.doubt(told.id)
        let doubts = held.takeDoubts(atMost: 10)
        #expect(doubts == [told.id: .told, missed.id: .missed])
        #expect(held.takeDoubts(atMost: 10).isEmpty)
        #expect(held.settle(doubts, by: nil).count == 1)
        #expect(held.takeDoubts(atMost: 10) == [missed.id: .missed])
        #expect(held.settle([missed.id: .missed], by: [missed]).isEmpty)
        #expect(held.takeDoubts(atMost: 10).isEmpty)
    }

    @Test func `who holds a key of which news came since it was believed is in doubt from the start`() {
        let cache = KeyCache()
        let key = Self.key()
        cache.hear(Keys.News(quotas: []))
        let version = cache.version
        cache.hear(Keys.News(key: key.id))
        let holder = cache.hold(key, since: version) { _ in }
        #expect(cache.takeDoubts(atMost: 10) == [key.id: .missed])
        cache.release(holder, of: key.id)
        _ = cache.hold(key, since: cache.version) { _ in }
        #expect(cache.takeDoubts(atMost: 10).isEmpty)
    }

    @Test func `a key's end moves with the key, and what was released does not end`() {
        var held = HeldKeys()
        let key = Self.key(expiresAt: Timestamp(microseconds: 10))
        let first = held.hold(key, isDoubtful: false) { _ in }
        _ = held.hold(key, isDoubtful: false) { _ in }
        #expect(held.expire(at: Timestamp(microseconds: 9)).isEmpty)
        var later = key
        later.expiresAt = Timestamp(microseconds: 20)
        #expect(held.settle([key.id: .told], by: [later]).isEmpty)
        #expect(held.expire(at: Timestamp(microseconds: 10)).isEmpty)
        held.release(first, of: key.id)
        #expect(held.expire(at: Timestamp(microseconds: 20)).count == 1)
        #expect(held.expire(at: Timestamp(microseconds: 20)).isEmpty)
    }
}
