import Bus
import HTTP
import NIOCore
import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

/// Clients that take their answers slowly, or not at all.
@Suite(.timeLimit(.minutes(1)))
struct SlowReaderTests {
    private static let length = 16_000_000

    @Test func `a client that takes nothing is cut off`() async throws {
        try await Self.serving { connection in
            try await connection.setReading(false)
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            // Some limits long; what the sockets hold is a part of the answer at most.
            try await Task.sleep(for: .milliseconds(2500))
            try await connection.setReading(true)
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.count < Self.length)
        }
    }

    @Test func `a client that takes little at a time gets the whole answer`() async throws {
        try await Self.serving { connection in
            let pauses = Task {
                while !Task.isCancelled {
                    try await connection.setReading(false)
                    try await Task.sleep(for: .milliseconds(15))
                    try await connection.setReading(true)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            defer { pauses.cancel() }
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("The whole answer") { connection.count > Self.length || connection.isEnded }
            #expect(connection.count > Self.length)
        }
    }

    private static func serving(_ body: (RawConnection) async throws -> Void) async throws {
        let unit = ServiceUnit.application(
            table: EndpointTable(service: "large-svc"),
            configuration: ServerChannel.Configuration(
                guards: { [RequestGuard(stallLimit: .milliseconds(500))] }
            ),
            host: "127.0.0.1",
            port: 0,
            draining: DrainState()
        ) { _ in
            ServerResponse(status: .ok, body: .whole(ByteBuffer(repeating: 120, count: length)))
        }
        try await withRunning(unit) { port in
            let connection = try await RawConnection.open(port: port)
            defer { connection.close() }
            try await body(connection)
        }
    }
}
