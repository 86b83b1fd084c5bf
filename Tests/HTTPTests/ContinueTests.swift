import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// `Expect: 100-continue`.
@Suite(.timeLimit(.minutes(5)))
struct ContinueTests {
    private static func head(_ path: String, version: String = "1.1", length: Int = 5) -> String {
        "POST \(path) HTTP/\(version)\r\nHost: x\r\nContent-Length: \(length)\r\nExpect: 100-Continue\r\n\r\n"
    }

    @Test func `100 Continue is sent when the handler reads the body, not before`() async throws {
        let (gate, asked) = (Gatekeeper(), ByteCounter())
        let respond: ServerChannel.Respond = { request in
            asked.add(1)
            do { try await gate.wait() } catch { return .text("cancelled") }
            return await Self.echo(request)
        }
        try await withServer(respond: respond) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.head("/"))
            try await eventually("The handler runs") { asked.count == 1 }
            try await Task.sleep(for: .milliseconds(100))
            #expect(connection.received.isEmpty)
            gate.open()
            try await eventually("100 Continue") { connection.received == "HTTP/1.1 100 Continue\r\n\r\n" }
            connection.send("hello")
            #expect(try await connection.answer().body == "hello")
            #expect(connection.received.ranges(of: "100 Continue").count == 1)
            // The connection is kept alive.
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("A second response") { connection.received.ranges(of: "200 OK").count == 2 }
        }
    }

    @Test func `a handler that does not read sends no 100, and the connection ends`() async throws {
        try await withServer(respond: { _ in .text("no", status: .unauthorized) }) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.head("/"))
            let response = try await connection.answer()
            #expect(response.status == 401 && response.closes)
            #expect(connection.received.hasPrefix("HTTP/1.1 401"))
            try await eventually("The connection ends") { connection.isEnded }
        }
    }

    @Test func `a body that is read only after the response has begun fails`() async throws {
        let failed = ByteCounter()
        let respond: ServerChannel.Respond = { request in
            ServerResponse(
                status: .ok,
                body: .stream { writer in
                    do { _ = try await request.body.collect(upTo: 100) } catch { failed.add(1) }
                    try await writer.write(ByteBuffer(string: "x"))
                    try await writer.finish()
                }
            )
        }
        try await withServer(respond: respond) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.head("/"))
            try await eventually("The connection ends") { connection.isEnded }
            #expect(failed.count == 1)
            #expect(connection.received.hasSuffix("0\r\n\r\n") && !connection.received.contains("100 Continue"))
        }
    }

    @Test func `no 100 is sent to HTTP 1_0, nor to a client that has sent its body`() async throws {
        try await withServer(respond: Self.echo) { port in
            let old = try await RawConnection.open(port: port)
            old.send(Self.head("/", version: "1.0"))
            try await Task.sleep(for: .milliseconds(100))
            #expect(old.received.isEmpty)
            old.send("hello")
            #expect(try await old.answer().body == "hello")

            let eager = try await RawConnection.open(port: port)
            eager.send(Self.head("/") + "hello")
            #expect(try await eager.answer().body == "hello")
            #expect(!eager.received.contains("100 Continue"))

            let half = try await RawConnection.open(port: port)
            half.send(Self.head("/") + "hel")
            try await Task.sleep(for: .milliseconds(100))
            half.send("lo")
            #expect(try await half.answer().body == "hello")
            #expect(!half.received.contains("100 Continue"))
        }
    }

    @Test func `a pipelined request gets its 100 after the response before it`() async throws {
        try await withServer(respond: Self.echo) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n" + Self.head("/"))
            try await eventually("100 Continue") { connection.received.hasSuffix("100 Continue\r\n\r\n") }
            #expect(connection.received.hasPrefix("HTTP/1.1 200"))
            connection.send("hello")
            try await eventually("The second response") { connection.received.hasSuffix("hello") }
        }
    }

    private static func echo(_ request: ServerRequest) async -> ServerResponse {
        do {
            let body = try await request.body.collect(upTo: 1000)
            return ServerResponse(status: .ok, body: .whole(body))
        } catch {
            return .text("\(error)", status: .badRequest)
        }
    }
}
