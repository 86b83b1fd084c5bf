import Bus
import Contracts
import HTTP
import NIOCore
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct CallMeterTests {
    private static let usage = Usage(promptTokens: 10, completionTokens: 5, isEstimated: false)

    @Test func `a call without a quota makes no bus call`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("bob")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            call.finish(.reported(model: "a/b", usage: Self.usage))
            #expect(store.reserves.isEmpty)
            #expect(meter.reporter.pendingCount == 1)
        }
    }

    @Test func `a caller with a quota reserves, and so does every caller while quotas are unknown`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(10)
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            let one = try await meter.begin(principal("alice"), model: "b", promptTokens: 14, maxTokens: 7)
            #expect(store.reserves.map(\.model) == ["b"])
            #expect(store.reserves.map(\.promptTokens) == [14])
            #expect(store.reserves.map(\.maxTokens) == [7])
            #expect(store.open == 1)
            one.finish(.reported(model: "a/b", usage: Self.usage))
            one.finish(.rejected)
            try await eventually("The settlement") { !store.settled.isEmpty }
            #expect(store.settled.map(\.usage) == [Self.usage])
            cache.feedDisconnected()
            let other = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            other.finish(.estimated(model: "a/b", completionBytes: 9))
            let third = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            third.finish(.rejected)
            try await eventually("The settlements") { store.settled.count == 3 }
            #expect(store.settled.map(\.usage?.completionTokens) == [5, 7, nil])
            #expect(store.settled.map(\.usage?.isEstimated) == [false, true, nil])
            #expect(store.open == 0)
            try await eventually("The end of the settlements") { meter.reporter.pendingCount == 0 }
        }
    }

    @Test func `the reservation limits the completion`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(1, answerLimit: 70)
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            let limited = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            #expect(limited.answerLimit == 70)
            limited.finish(.rejected)
            let free = try await meter.begin(principal("bob"), model: nil, promptTokens: 14)
            #expect(free.answerLimit == nil)
            free.finish(.rejected)
        }
    }

    @Test func `a rejected call takes no slot, and a failed settlement is sent again`() async throws {
        try await withMeter(limit: 1) { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
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
            call.finish(.reported(model: "a/b", usage: Self.usage))
            #expect(store.open == 1)
            store.fail(nil)
            try await eventually("The settlement") { store.open == 0 }
            #expect(store.settled.count == 1)
        }
    }

    @Test func `an unfinished call releases its slot, and its prompt is charged`() async throws {
        try await withMeter(limit: 1) { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            store.allow(3)
            for _ in 0..<3 { _ = try await meter.begin(principal("alice"), model: nil, promptTokens: 14) }
            try await eventually("The settlements") { store.open == 0 }
            #expect(store.settled.map(\.usage?.promptTokens) == [14, 14, 14])
        }
    }

    @Test func `a client that disconnects before the last event is charged the reported usage`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            store.allow(1)
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let chat = try ChatCompletionRequest(ByteBuffer(string: "{\"model\":\"demo\",\(ChatTests.hello)}"))
            let storedCompletions = StoredCompletionWriter(conversations: meter.conversations)
            let state = ChatStreamState(chat, first: [], storedCompletions, CallContext(), call)
            let finish = Inference.Event(finish: Inference.Finish(reason: .stop, model: "a/b", usage: Self.usage))
            _ = try state.take([try BusCoding.encode(Inference.Event(text: "Hi")), try BusCoding.encode(finish)])
            _ = state.fail(CancellationError())
            try await eventually("The settlement") { store.open == 0 }
            #expect(store.settled.map(\.usage) == [Self.usage])
            #expect(store.settled.map(\.model) == ["a/b"])
        }
    }

    @Test func `a reservation with a lost response is cancelled`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
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

    @Test func `a client that disconnects during the reservation leaves no reservation`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            store.allow(3)
            let task = Task {
                let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                call.finish(.rejected)
            }
            task.cancel()
            try await task.value
            try await eventually("The settlement") { store.open == 0 }
        }
    }

    @Test func `a cancelled task settles its reservation`() async throws {
        try await withMeter { meter, store, cache in
            store.allow(1)
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
            let task = Task {
                do { try await Task.sleep(for: .seconds(3600)) } catch {}
                call.finish(.estimated(model: "a/b", completionBytes: 0))
            }
            task.cancel()
            await task.value
            try await eventually("The settlement") { store.open == 0 }
        }
    }

    @Test func `the next reservation of a user sees the earlier settlement`() async throws {
        try await withMeter { meter, store, cache in
            cache.apply(Keys.Event(quotas: [.user("alice")]))
            store.allow(100)
            for _ in 0..<20 {
                let call = try await meter.begin(principal("alice"), model: nil, promptTokens: 14)
                #expect(store.open == 1)
                call.finish(.reported(model: "a/b", usage: Self.usage))
            }
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
