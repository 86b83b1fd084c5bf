import Bus
import Contracts
import HTTP
import NIOCore
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

/// Calls of models on the gateway: places, quotas and usage.
@Suite(.timeLimit(.minutes(1)))
struct CallMeterTests {
    private static let usage = Usage(promptTokens: 10, completionTokens: 5, isEstimated: false)

    @Test func `where no quota applies nobody is asked`() async throws {
        try await withMeter { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("bob")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            await call.end(.told(model: "a/b", usage: Self.usage))
            #expect(behind.reserves.isEmpty)
            #expect(meter.reporter.waiting == 1)
        }
    }

    @Test func `who has a quota reserves, and so does everybody while nobody can tell who has`() async throws {
        try await withMeter { meter, behind, cache in
            behind.allow(10)
            cache.hear(Keys.News(quotas: [.user("alice")]))
            let one = try await meter.begin(principal("alice"), model: "b", promptTokens: 14, maxTokens: 7)
            #expect(behind.reserves.map(\.model) == ["b"])
            #expect(behind.reserves.map(\.promptTokens) == [14])
            #expect(behind.reserves.map(\.maxTokens) == [7])
            #expect(behind.open == 1)
            await one.end(.told(model: "a/b", usage: Self.usage))
            await one.end(.refused)
            #expect(behind.settled.map(\.usage) == [Self.usage])
            cache.lose()
            let other = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            await other.end(.untold(model: "a/b", completionBytes: 9))
            let third = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            await third.end(.refused)
            #expect(behind.settled.map(\.usage?.completionTokens) == [5, 7, nil])
            #expect(behind.settled.map(\.usage?.isEstimated) == [false, true, nil])
            #expect(behind.open == 0)
            #expect(meter.reporter.waiting == 0)
        }
    }

    @Test func `how long the answer may be is what was granted`() async throws {
        try await withMeter { meter, behind, cache in
            behind.allow(1, answerLimit: 70)
            cache.hear(Keys.News(quotas: [.user("alice")]))
            let limited = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            #expect(limited.answerLimit == 70)
            await limited.end(.refused)
            let free = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            #expect(free.answerLimit == nil)
            await free.end(.refused)
        }
    }

    @Test func `a refusal takes no place, and what cannot be settled now is settled later`() async throws {
        try await withMeter(limit: 1) { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("alice")]))
            behind.allow(0)
            for _ in 0..<3 {
                let fault = await #expect(throws: Fault.self) {
                    _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                }
                #expect(fault?.code == .quotaExceeded)
            }
            behind.allow(5)
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let fault = await #expect(throws: Fault.self) {
                _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            }
            #expect(fault?.code == .limited)
            behind.fail(Fault(.unavailable, "Not now."))
            await call.end(.told(model: "a/b", usage: Self.usage))
            #expect(behind.open == 1)
            behind.fail(nil)
            try await eventually("The settlement") { behind.open == 0 }
            #expect(behind.settled.count == 1)
        }
    }

    @Test func `a call that nobody ends gives its place back, and pays for its prompt`() async throws {
        try await withMeter(limit: 1) { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("alice")]))
            behind.allow(3)
            for _ in 0..<3 { _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14) }
            try await eventually("The settlements") { behind.open == 0 }
            #expect(behind.settled.map(\.usage?.promptTokens) == [14, 14, 14])
        }
    }

    @Test func `a stream whose client did not hear the end pays what its provider counted`() async throws {
        try await withMeter { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("alice")]))
            behind.allow(1)
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let chat = try ChatRequest(ByteBuffer(string: "{\"model\":\"demo\",\(ChatTests.hello)}"))
            let keeping = CallKeeping(conversations: meter.conversations)
            let relay = ChatRelay(chat, first: [], keeping, CallContext(), call)
            let finish = Inference.Event(finish: Inference.Finish(reason: .stop, model: "a/b", usage: Self.usage))
            _ = try relay.take([try BusCoding.encode(Inference.Event(text: "Hi")), try BusCoding.encode(finish)])
            _ = await relay.breakOff(CancellationError())
            #expect(behind.settled.map(\.usage) == [Self.usage])
            #expect(behind.settled.map(\.model) == ["a/b"])
        }
    }

    @Test func `a reservation whose answer got lost is let go`() async throws {
        try await withMeter { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("alice")]))
            behind.allow(3)
            behind.fail(Fault(.cut, "The answer got lost."), losesAnswers: true)
            await #expect(throws: Fault.self) {
                _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            }
            #expect(behind.open == 1)
            behind.fail(nil)
            try await eventually("The settlement") { behind.open == 0 }
            #expect(behind.settled.map(\.usage) == [nil])
        }
    }

    @Test func `a client that leaves while it is reserved for leaves nothing behind`() async throws {
        try await withMeter { meter, behind, cache in
            cache.hear(Keys.News(quotas: [.user("alice")]))
            behind.allow(3)
            let task = Task {
                let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                await call.end(.refused)
            }
            task.cancel()
            try await task.value
            #expect(behind.open == 0)
        }
    }

    @Test func `a task that is cancelled still settles`() async throws {
        try await withMeter { meter, behind, cache in
            behind.allow(1)
            cache.hear(Keys.News(quotas: [.user("alice")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let task = Task {
                do { try await Task.sleep(for: .seconds(50)) } catch {}
                await call.end(.untold(model: "a/b", completionBytes: 0))
            }
            task.cancel()
            await task.value
            #expect(behind.open == 0)
        }
    }

    private func principal(_ user: String) -> CallMeter.Caller {
        let principal = Principal(user: user)
        return CallMeter.Caller(principal: principal, keyLimit: nil, call: CallContext(principal: principal))
    }

    private func withMeter(
        limit: Int = 0,
        _ body: (CallMeter, ScriptedMeter, KeyCache) async throws -> Void
    ) async throws {
        let behind = ScriptedMeter()
        var table = EndpointTable(service: "conversation-svc")
        behind.add(to: &table)
        let house = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: Gate.busToken)
        try await withRunning(house) { port in
            let bus = try HTTPBus(
                peer: "conversation-svc",
                urls: ["http://127.0.0.1:\(port)"],
                token: Gate.busToken,
                client: HTTPClient()
            )
            let reporter = UsageReporter(conversations: bus)
            let unit = ServiceUnit.bus(
                table: EndpointTable(service: "gateway"),
                host: "127.0.0.1",
                port: 0,
                token: Gate.busToken,
                background: [reporter]
            )
            let cache = KeyCache()
            let meter = CallMeter(
                calls: ConcurrentCalls(limit: limit),
                keys: cache,
                reporter: reporter,
                conversations: bus
            )
            try await withRunning(unit) { _ in try await body(meter, behind, cache) }
        }
    }
}
