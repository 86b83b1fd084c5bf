import Bus
import Contracts
import Foundation
import HTTP
import Logging
import NIOCore
import ServiceKit
import ServiceLifecycle
import TestSupport
import Testing

/// Continues after a graceful shutdown was triggered, until it may end.
private struct SlowToEnd: Service {
    let mayEnd: AsyncStream<Void>

    func run() async throws {
        try await gracefulShutdown()
        for await _ in mayEnd {}
    }
}

@Suite(.timeLimit(.minutes(5))) struct OperationsTests {
    private let client = HTTPClient()

    private func unit(drainedFirst: [any Service] = [], readiness: [ReadinessCheck] = []) -> ServiceUnit {
        ServiceUnit.bus(
            table: EndpointTable(service: "empty-svc"),
            host: "127.0.0.1",
            port: 0,
            token: "a-token-for-the-tests",
            drainedFirst: drainedFirst,
            readiness: readiness
        )
    }

    private func get(_ path: String, port: Int) async throws -> (status: Int, body: String) {
        let response = try await client.send(HTTPClient.Request(url: "http://127.0.0.1:\(port)\(path)"))
        return (response.status, String(buffer: try await response.body.collect(upTo: 1_000_000)))
    }

    @Test func `a check that ignores its cancellation times out`() async throws {
        let slow = ReadinessCheck("slow") { await Task { try? await Task.sleep(for: .seconds(20)) }.value }
        try await withRunning(unit(readiness: [slow])) { port in
            let answer = try await get("/readyz", port: port)
            #expect(answer.status == 503)
            #expect(answer.body.contains("The check timed out after a second."))
        }
    }

    @Test func `an unknown path is an error in the format of the bus`() async throws {
        try await withRunning(unit()) { port in
            let answer = try await get("/runs/nothing", port: port)
            #expect(answer.status == 404)
            #expect(answer.body.contains(#""code":"missing""#))
            #expect(answer.body.contains("GET /endpoints"))
        }
    }

    private struct Report: Decodable, Equatable {
        var status: String
        var service: String
        var checks: [String: String]?
    }

    private func report(_ path: String, port: Int) async throws -> (status: Int, report: Report) {
        let (status, body) = try await get(path, port: port)
        return (status, try JSONDecoder().decode(Report.self, from: Data(body.utf8)))
    }

    @Test func `a running service is alive and ready`() async throws {
        let holds = ReadinessCheck("database") {}
        try await withRunning(unit(readiness: [holds])) { port in
            let alive = try await report("/health", port: port)
            #expect(alive.status == 200)
            #expect(alive.report == Report(status: "ok", service: "empty-svc"))
            let ready = try await report("/readyz", port: port)
            #expect(ready.status == 200)
            #expect(ready.report == Report(status: "ready", service: "empty-svc", checks: ["database": "ok"]))
        }
    }

    @Test func `a service that is not ready reports why, and is alive`() async throws {
        let checks = [
            ReadinessCheck("database") { throw Fault(.unavailable, "The disk is full.") },
            ReadinessCheck("secret") { throw CocoaError(.fileNoSuchFile) },
            ReadinessCheck("silence") { try await Task.sleep(for: .seconds(3600)) },
            ReadinessCheck("other") {},
        ]
        try await withRunning(unit(readiness: checks)) { port in
            let ready = try await report("/readyz", port: port)
            #expect(ready.status == 503)
            #expect(ready.report.status == "unready")
            #expect(
                ready.report.checks == [
                    "database": "The disk is full.", "secret": "The check failed.", "other": "ok",
                    "silence": "The check timed out after a second.",
                ]
            )
            #expect(try await report("/health", port: port).status == 200)
        }
    }

    @Test func `a service that is shutting down is not ready`() async throws {
        let (mayEnd, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let unit = unit(drainedFirst: [SlowToEnd(mayEnd: mayEnd)])
        let logger = Logger(label: "empty-svc") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: unit.services, logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try await unit.listeningPort.value()
            await group.triggerGracefulShutdown()
            try await eventually("Draining") { try await get("/readyz", port: port).status == 503 }
            let body = try await get("/readyz", port: port).body
            #expect(body.contains("\"draining\":\"The service is stopping.\""))
            end.finish()
            try await tasks.waitForAll()
        }
    }

    @Test func `the metrics of the process are exported`() async throws {
        try await withRunning(unit()) { port in
            let (status, body) = try await get("/metrics", port: port)
            #expect(status == 200)
            for name in ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"] {
                let line = body.split(separator: "\n").first { $0.hasPrefix(name + " ") }
                let value = try #require(line?.split(separator: " ").last.flatMap { Double($0) }, "\(name)")
                #expect(value > 0)
            }
        }
    }

    @Test func `an empty endpoint table is listed as empty`() async throws {
        try await withRunning(unit()) { port in
            let (status, body) = try await get("/endpoints", port: port)
            #expect(status == 200)
            #expect(body.contains("\"endpoints\":[]"))
            #expect(body.contains("empty-svc serves no endpoints yet."))
        }
    }
}
