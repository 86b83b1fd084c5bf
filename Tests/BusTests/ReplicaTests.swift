import Bus
import Contracts
import HTTP
import NIOCore
import ServiceKit
import Synchronization
import TestSupport
import Testing

/// Several replicas of a service on real sockets, one of which is down, hung or shutting down.
@Suite(.timeLimit(.minutes(5)))
struct ReplicaTests {
    @Test(arguments: [false, true])
    func `a replica that drops connection attempts makes no call fail`(checksHealth: Bool) async throws {
        try await RawServer.withFullBacklog { unresponsive in
            try await Samples.serving(Self.table()) { _, port in
                let bus = try Self.bus(["http://\(unresponsive)", "http://127.0.0.1:\(port)"])
                try await Self.withRunning(bus, if: checksHealth) {
                    let times = try await Self.call(bus, times: 1000) { Samples.Add(number: $0) }
                    #expect(times.failures.isEmpty)
                    // Half of the calls would wait if the replica was not avoided.
                    #expect(times.percentile(70) < ReplicaLimits().connectTimeout)
                }
            }
        }
    }

    @Test func `a replica that refuses connections makes no call fail`() async throws {
        let refusing = try await unreachableURL()
        try await Samples.serving(Self.table()) { _, port in
            let bus = try Self.bus([refusing, "http://127.0.0.1:\(port)"])
            let times = try await Self.call(bus, times: 200) { Samples.Add(number: $0) }
            #expect(times.failures.isEmpty)
        }
    }

    @Test func `only what a hung replica was processing fails, and soon, until it responds again`() async throws {
        try await Self.withReplicas { bus, hung, counts in
            _ = try await Self.call(bus, times: 50) { Samples.Add(number: $0) }
            try await hung.pause()
            let first = try await Self.call(bus, times: 200) { Samples.Add(number: $0) }
            #expect(first.failures.allSatisfy { $0.code == .cut }, "\(first.failures)")
            #expect(first.failures.count <= Self.width, "A call that waits, and none after it, on each of the tasks.")
            #expect(first.longest < .seconds(60))
            let second = try await Self.call(bus, times: 200) { Samples.Add(number: $0) }
            #expect(second.failures.isEmpty)
            #expect(second.percentile(70) < .seconds(5), "Half of the calls would wait if the replica was not avoided.")

            try await hung.resume()
            let before = counts[0].count
            try await eventually("The replica's return") {
                _ = try await bus.call(Samples.Add(number: 1), CallContext())
                return counts[0].count > before
            }
        }
    }

    @Test func `an idempotent call on a hung replica is repeated on another one`() async throws {
        try await Self.withReplicas { bus, hung, _ in
            _ = try await Self.call(bus, times: 50) { Samples.Echo(text: "\($0)") }
            try await hung.pause()
            let times = try await Self.call(bus, times: 200) { Samples.Echo(text: "\($0)") }
            #expect(times.failures.isEmpty)
            #expect(times.longest < .seconds(60))
        }
    }

    @Test func `a replica that is not ready receives no new calls while another one is ready`() async throws {
        let isReady = Mutex(true)
        let counts = [Counted(), Counted()]
        let readiness = ReadinessCheck("switch") {
            guard isReady.withLock(\.self) else { throw Fault(.unavailable, "It is switched off.") }
        }
        try await Self.serving(counts[0], readiness: [readiness]) { first in
            try await Self.serving(counts[1]) { second in
                let bus = try Self.bus([first, second].map { "http://127.0.0.1:\($0)" })
                try await Self.withRunning(bus) {
                    _ = try await Self.call(bus, times: 20) { Samples.Add(number: $0) }
                    #expect(counts[0].count > 0)
                    isReady.withLock { $0 = false }
                    try await eventually("The end of new calls") {
                        let before = counts[0].count
                        let times = try await Self.call(bus, times: 20) { Samples.Add(number: $0) }
                        #expect(times.failures.isEmpty)
                        return counts[0].count == before
                    }
                    isReady.withLock { $0 = true }
                    let before = counts[0].count
                    try await eventually("The replica's return") {
                        _ = try await bus.call(Samples.Add(number: 1), CallContext())
                        return counts[0].count > before
                    }
                }
            }
        }
    }

    @Test func `a call waits for a single replica that restarts`() async throws {
        let url = try await unreachableURL()
        let port = try #require(url.split(separator: ":").last.flatMap { Int($0) })
        let bus = try Self.bus([url])
        let call = Task { try await bus.call(Samples.Add(number: 41), CallContext()) }
        try await Task.sleep(for: .milliseconds(300))
        let unit = ServiceUnit.bus(table: Self.table(), host: "127.0.0.1", port: port, token: Samples.token)
        try await TestSupport.withRunning(unit) { _ in
            let answer = try await call.value
            #expect(answer == 42)
        }
    }

    @Test func `when all replicas drop connection attempts the call fails after the time limit`() async throws {
        try await RawServer.withFullBacklog { first in
            try await RawServer.withFullBacklog { second in
                let bus = try Self.bus(["http://\(first)", "http://\(second)"])
                let fault = await #expect(throws: Fault.self) {
                    _ = try await bus.call(Samples.Add(number: 1), CallContext())
                }
                #expect(fault?.code == .unreachable)
            }
        }
    }

    @Test func `a name with several addresses is resolved, and each address is a replica`() async throws {
        try await Samples.serving(Self.table()) { _, port in
            // The service listens on one of the addresses only.
            let bus = try Self.bus(["http://localhost:\(port)"])
            try await Self.withRunning(bus) {
                let times = try await Self.call(bus, times: 100) { Samples.Add(number: $0) }
                #expect(times.failures.isEmpty)
            }
        }
    }
}

extension ReplicaTests {
    /// Calls at the same time.
    private static let width = 16

    struct Times {
        var all: [Duration] = []
        var failures: [Fault] = []

        var longest: Duration { all.max() ?? .zero }

        func percentile(_ percent: Int) -> Duration {
            all.sorted().dropFirst(all.count * percent / 100).first ?? .zero
        }
    }

    /// Makes many calls, several at a time.
    private static func call<Request: Endpoint>(
        _ bus: HTTPBus,
        times count: Int,
        _ request: @escaping @Sendable (Int) -> Request
    ) async throws -> Times {
        try await withThrowingTaskGroup(of: Times.self) { group in
            for first in 0..<width {
                group.addTask {
                    var times = Times()
                    for number in stride(from: first, to: count, by: width) {
                        let start = ContinuousClock.now
                        do {
                            _ = try await bus.call(request(number), CallContext())
                        } catch let fault as Fault {
                            times.failures.append(fault)
                        }
                        times.all.append(ContinuousClock.now - start)
                    }
                    return times
                }
            }
            return try await group.reduce(into: Times()) { sum, times in
                sum.all += times.all
                sum.failures += times.failures
            }
        }
    }

    private static func bus(_ urls: [String]) throws -> HTTPBus {
        try HTTPBus(peer: "sample-svc", urls: urls, token: Samples.token, client: HTTPClient())
    }

    /// Runs `body` while the bus checks the health of its replicas.
    private static func withRunning<Value>(
        _ bus: HTTPBus,
        if isRunning: Bool = true,
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if isRunning { group.addTask { try await bus.run() } }
            let value = try await body()
            group.cancelAll()
            return value
        }
    }

    /// Runs two replicas, the first of which can hang, and a bus to both; the counters count the calls of each.
    static func withReplicas(
        _ body: (HTTPBus, PausableProxy, [Counted]) async throws -> Void
    ) async throws {
        let counts = [Counted(), Counted()]
        try await serving(counts[0]) { first in
            try await serving(counts[1]) { second in
                try await PausableProxy.with(port: first) { proxy, port in
                    let bus = try bus([port, second].map { "http://127.0.0.1:\($0)" })
                    try await withRunning(bus) { try await body(bus, proxy, counts) }
                }
            }
        }
    }

    private static func serving<Value>(
        _ count: Counted,
        readiness: [ReadinessCheck] = [],
        _ body: (Int) async throws -> Value
    ) async throws -> Value {
        let unit = ServiceUnit.bus(
            table: table(count),
            host: "127.0.0.1",
            port: 0,
            token: Samples.token,
            readiness: readiness
        )
        return try await TestSupport.withRunning(unit, body)
    }

    private static func table(_ count: Counted = Counted()) -> EndpointTable {
        var table = EndpointTable(service: "sample-svc")
        table.serve(Samples.Add.self) { request, _ in
            count.add()
            return request.number + 1
        }
        table.serve(Samples.Echo.self) { request, _ in request }
        table.serve(Samples.CountUp.self) { _, _ in
            let isFirst = Mutex(true)
            return ElementStream(
                next: {
                    let wasFirst = isFirst.withLock { isFirst in
                        defer { isFirst = false }
                        return isFirst
                    }
                    if wasFirst { return [1] }
                    try await Task.sleep(for: .seconds(3600))
                    return nil
                },
                close: {}
            )
        }
        return table
    }
}
