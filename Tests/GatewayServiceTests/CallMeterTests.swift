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
        try await withMeter { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("bob")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            await call.finish(.reported(model: "a/b", usage: Self.usage))
            #expect(store.reserves.isEmpty)
            #expect(meter.reporter.waiting == 1)
        }
    }

    @Test func `who has a quota reserves, and so does everybody while nobody can tell who has`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(10)
            cache.apply(Keys.News(quotas: [.user("alice")]))
            let one = try await meter.begin(principal("alice"), model: "b", promptTokens: 14, maxTokens: 7)
            #expect(store.reserves.map(\.model) == ["b"])
            #expect(store.reserves.map(\.promptTokens) == [14])
            #expect(store.reserves.map(\.maxTokens) == [7])
            #expect(store.open == 1)
            await one.finish(.reported(model: "a/b", usage: Self.usage))
            await one.finish(.rejected)
            #expect(store.settled.map(\.usage) == [Self.usage])
            cache.feedDisconnected()
            let other = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            await other.finish(.estimated(model: "a/b", completionBytes: 9))
            let third = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            await third.finish(.rejected)
            #expect(store.settled.map(\.usage?.completionTokens) == [5, 7, nil])
            #expect(store.settled.map(\.usage?.isEstimated) == [false, true, nil])
            #expect(store.open == 0)
            #expect(meter.reporter.waiting == 0)
        }
    }

    @Test func `how long the answer may be is what was granted`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(1, answerLimit: 70)
            cache.apply(Keys.News(quotas: [.user("alice")]))
            let limited = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            #expect(limited.answerLimit == 70)
            await limited.finish(.rejected)
            let free = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            #expect(free.answerLimit == nil)
            await free.finish(.rejected)
        }
    }

    @Test func `a refusal takes no place, and what cannot be settled now is settled later`() async throws {
        try await withMeter(limit: 1) { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("alice")]))
            store.allow(0)
            for _ in 0..<3 {
                let fault = await #expect(throws: Fault.self) {
                    _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                }
                #expect(fault?.code == .quotaExceeded)
            }
            store.allow(5)
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let fault = await #expect(throws: Fault.self) {
                _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            }
            #expect(fault?.code == .limited)
            store.fail(Fault(.unavailable, "Not now."))
            await call.finish(.reported(model: "a/b", usage: Self.usage))
            #expect(store.open == 1)
            store.fail(nil)
            try await eventually("The settlement") { store.open == 0 }
            #expect(store.settled.count == 1)
        }
    }

    @Test func `a call that nobody ends gives its place back, and pays for its prompt`() async throws {
        try await withMeter(limit: 1) { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("alice")]))
            store.allow(3)
            for _ in 0..<3 { _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14) }
            try await eventually("The settlements") { store.open == 0 }
            #expect(store.settled.map(\.usage?.promptTokens) == [14, 14, 14])
        }
    }

    @Test func `a stream whose client did not hear the end pays what its provider counted`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("alice")]))
            store.allow(1)
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let chat = try ChatCompletionRequest(ByteBuffer(string: "{\"model\":\"demo\",\(ChatTests.hello)}"))
            let storedCompletions = StoredCompletionWriter(conversations: meter.conversations)
            let state = ChatStreamState(chat, first: [], storedCompletions, CallContext(), call)
            let finish = Inference.Event(finish: Inference.Finish(reason: .stop, model: "a/b", usage: Self.usage))
            _ = try state.take([try BusCoding.encode(Inference.Event(text: "Hi")), try BusCoding.encode(finish)])
            _ = await state.fail(CancellationError())
            #expect(store.settled.map(\.usage) == [Self.usage])
            #expect(store.settled.map(\.model) == ["a/b"])
        }
    }

    @Test func `a reservation whose answer got lost is let go`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("alice")]))
            store.allow(3)
            store.fail(Fault(.cut, "The answer got lost."), losesAnswers: true)
            await #expect(throws: Fault.self) {
                _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            }
            #expect(store.open == 1)
            store.fail(nil)
            try await eventually("The settlement") { store.open == 0 }
            #expect(store.settled.map(\.usage) == [nil])
        }
    }

    @Test func `a client that leaves while it is reserved for leaves nothing behind`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.News(quotas: [.user("alice")]))
            store.allow(3)
            let task = Task {
                let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                await call.finish(.rejected)
            }
            task.cancel()
            try await task.value
            #expect(store.open == 0)
        }
    }

    @Test func `a task that is cancelled still settles`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(1)
            cache.apply(Keys.News(quotas: [.user("alice")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let task = Task {
                do { try await Task.sleep(for: .seconds(50)) } catch {}
                await call.finish(.estimated(model: "a/b", completionBytes: 0))
            }
            task.cancel()
            await task.value
            #expect(store.open == 0)
        }
    }

    private func principal(_ user: String) -> CallMeter.Caller {
        let principal = Principal(user: user)
        return CallMeter.Caller(principal: principal, keyLimit: nil, call: CallContext(principal: principal))
    }

    private func withMeter(
        limit: Int = 0,
        _ body: (CallMeter, ScriptedUsageStore, KeyCache) async throws -> Void
    ) async throws {
        let store = ScriptedUsageStore()
        var table = EndpointTable(service: "conversation-svc")
        store.add(to: &table)
        let services = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: TestGateway.busToken)
        try await withRunning(services) { port in
            let bus = try HTTPBus(
                peer: "conversation-svc",
                urls: ["http://127.0.0.1:\(port)"],
                token: TestGateway.busToken,
                client: HTTPClient()
            )
            let reporter = UsageReporter(conversations: bus)
            let unit = ServiceUnit.bus(
                table: EndpointTable(service: "gateway"),
                host: "127.0.0.1",
                port: 0,
                token: TestGateway.busToken,
                background: [reporter]
            )
            let cache = KeyCache()
            let meter = CallMeter(
                limiter: ConcurrencyLimiter(limit: limit),
                keys: cache,
                reporter: reporter,
                conversations: bus
            )
            try await withRunning(unit) { _ in try await body(meter, store, cache) }
        }
    }
}
