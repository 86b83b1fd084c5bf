import Bus
import Contracts
import HTTP
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct UsageReporterTests {
    private static let alice = Principal(user: "alice")
    private static let usage = Usage(promptTokens: 10, completionTokens: 5, isEstimated: false, cost: 3)

    @Test func `equal calls are aggregated, different ones are not`() async throws {
        try await withReporter { reporter, meter in
            let key = Principal(user: "alice", key: APIKey.ID())
            for _ in 0..<1000 { reporter.record(Self.alice, model: "a/b", usage: Self.usage) }
            reporter.record(key, model: "a/b", usage: Self.usage)
            reporter.record(Self.alice, model: "a/c", usage: Self.usage)
            reporter.record(Self.alice, model: "a/b", usage: Self.usage, at: Timestamp(microseconds: 0))
            // Two users whose names look the same.
            reporter.record(Principal(user: "\u{E9}"), model: "a/b", usage: Self.usage)
            reporter.record(Principal(user: "e\u{301}"), model: "a/b", usage: Self.usage)
            try await eventually("The report") { meter.entries.reduce(0) { $0 + $1.total.requests } == 1005 }
            #expect(meter.entries.map(\.total.requests).sorted() == [1, 1, 1, 1, 1, 1000])
            #expect(meter.entries.contains { $0.key == key.key })
            #expect(meter.entries.contains { $0.day.number == 0 })
        }
    }

    @Test func `a batch with a lost response is sent again and counts once`() async throws {
        try await withReporter { reporter, meter in
            meter.fail(Fault(.cut, "The answer got lost."), losesAnswers: true)
            for _ in 0..<10 { reporter.record(Self.alice, model: "a/b", usage: Self.usage) }
            try await eventually("The repeats") { meter.records >= 3 }
            for _ in 0..<5 { reporter.record(Self.alice, model: "a/b", usage: Self.usage) }
            meter.fail(nil)
            try await eventually("All of it") { reporter.pendingCount == 0 }
            #expect(meter.entries.reduce(0) { $0 + $1.total.requests } == 15)
            #expect(meter.entries.reduce(0) { $0 + ($1.total.cost ?? 0) } == 45)
        }
    }

    @Test func `a rejected batch is dropped and does not block the next one`() async throws {
        try await withReporter { reporter, meter in
            meter.fail(Fault(.invalid, "An entry makes no sense."))
            reporter.record(Self.alice, model: "a/b", usage: Self.usage)
            try await eventually("The refusal") { reporter.pendingCount == 0 }
            meter.fail(nil)
            reporter.record(Self.alice, model: "a/c", usage: Self.usage)
            try await eventually("The rest") { meter.entries.map(\.model) == ["a/c"] }
        }
    }

    @Test func `usage is sent on shutdown`() async throws {
        let meter = try await withReporter { reporter, meter in
            for _ in 0..<10 { reporter.record(Self.alice, model: "a/b", usage: Self.usage) }
            return meter
        }
        #expect(meter.entries.reduce(0) { $0 + $1.total.requests } == 10)
    }

    @Test func `memory is bounded while nothing can be sent`() async throws {
        let reporter = UsageReporter(conversations: try Self.bus(port: 1))
        for number in 0..<50_000 { reporter.record(Self.alice, model: "a/\(number)", usage: Self.usage) }
        #expect(reporter.pendingCount == 20_000)
        for _ in 0..<50_000 {
            let settlement = Quotas.Settlement(reservation: Quotas.Reservation.ID(), model: "", usage: nil)
            reporter.settle(settlement, of: "alice")
        }
        #expect(reporter.pendingCount == 40_000)
    }

    private static func bus(port: Int) throws -> HTTPBus {
        try HTTPBus(
            peer: "conversation-svc",
            urls: ["http://127.0.0.1:\(port)"],
            token: TestGateway.busToken,
            client: HTTPClient()
        )
    }

    private func withReporter<Value>(
        _ body: (UsageReporter, ScriptedUsageStore) async throws -> Value
    ) async throws -> Value {
        let meter = ScriptedUsageStore()
        var table = EndpointTable(service: "conversation-svc")
        meter.add(to: &table)
        let services = ServiceUnit.bus(table: table, host: "127.0.0.1", port: 0, token: TestGateway.busToken)
        return try await withRunning(services) { port in
            let reporter = UsageReporter(conversations: try Self.bus(port: port))
            let unit = ServiceUnit.bus(
                table: EndpointTable(service: "gateway"),
                host: "127.0.0.1",
                port: 0,
                token: TestGateway.busToken,
                background: [reporter]
            )
            return try await withRunning(unit) { _ in try await body(reporter, meter) }
        }
    }
}
