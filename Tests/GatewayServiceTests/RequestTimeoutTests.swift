import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Slow requests, pipelined requests, and clients that disconnect.
@Suite(.timeLimit(.minutes(5)))
struct RequestTimeoutTests {
    private static let post = "POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    @Test func `an incomplete head times out with a 408`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("GET /health HTTP/1.1\r\nHost: x\r\n")
            let answer = try await slowAnswer(connection)
            #expect(answer.status == 408)
            #expect(answer.isEnvelope && answer.closes)
            try await eventually("The connection ends") { connection.isEnded }
        }
    }

    @Test func `a head that arrives byte by byte on a reused connection times out`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await connection.answer().status == 200)
            let drip = Task {
                for byte in "GET / HTTP/1.1\r\nHost: x\r\n".utf8 {
                    connection.send([byte])
                    try await Task.sleep(for: .milliseconds(600))
                }
            }
            defer { drip.cancel() }
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.contains("408 Request Timeout"))
        }
    }

    @Test func `a slow body times out with a 408`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(Self.post + "Content-Length: 1000\r\n\r\n{")
            let answer = try await slowAnswer(connection)
            #expect(answer.status == 408)
            #expect(answer.isEnvelope && answer.closes)
            try await eventually("The connection ends") { connection.isEnded }
        }
    }

    @Test func `a body over the limit is refused while it is sent, and its client receives the 413`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(Self.post + "Content-Length: 50000000\r\n\r\n")
            for _ in 0..<40 { connection.send(Array(repeating: 0x20, count: 65_536)) }
            let answer = try await connection.answer()
            #expect(answer.status == 413)
            #expect(answer.isEnvelope && answer.closes)
            try await eventually("The connection ends") { connection.isEnded }
            #expect(try await gateway.ask(.GET, "/health", token: nil).status == 200)
        }
    }

    @Test func `a client that expects 100 Continue receives it when the handler reads the body`() async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(Self.post + "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n")
            try await eventually("100 Continue") { connection.received.contains("100 Continue") }
            connection.send(#"{"user_id":"alice"}"#.replacing("alice", with: "bob"))
            #expect(try await connection.answer().status == 200)
        }
    }

    @Test func `a client that sends nothing after 100 Continue times out`() async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(Self.post + "Content-Length: 17\r\nExpect: 100-continue\r\n\r\n")
            try await eventually("100 Continue") { connection.received.contains("100 Continue") }
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.contains("HTTP/1.1 408"))
        }
    }

    @Test(arguments: [
        ("POST /api/v1/chat/conversations", 401), ("POST /api/v1/nothing", 404), ("PUT /api/v1/influencers", 405),
    ])
    func `a request is refused before its body is asked for`(_ line: String, _ status: Int) async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("\(line) HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await connection.answer().status == status)
            #expect(!connection.received.contains("100 Continue"))
        }
    }

    @Test func `pipelined requests are answered in order, and a malformed one ends the connection`() async throws {
        try await TestGateway.with { gateway in
            let good = "GET /api/v1/influencers HTTP/1.1\r\nHost: x\r\n\r\n"
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send(good + good + "GET /a/../b HTTP/1.1\r\nHost: x\r\n\r\n" + good)
            try await eventually("The connection ends") { connection.isEnded }
            let first = try #require(RawResponse(connection.received))
            let second = try #require(RawResponse(first.rest))
            let third = try #require(RawResponse(second.rest))
            #expect([first.status, second.status, third.status] == [200, 200, 400])
            #expect(third.isEnvelope && third.closes)
            #expect(third.rest.isEmpty)
            #expect(gateway.services.requests.count == 2)
        }
    }

    @Test func `an unparsable second request is answered after the first`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("GET /api/v1/influencers HTTP/1.1\r\nHost: x\r\n\r\n\u{1}garbage\r\n\r\n")
            try await eventually("The connection ends") { connection.isEnded }
            let first = try #require(RawResponse(connection.received))
            #expect(first.status == 200)
            #expect(RawResponse(first.rest)?.status == 400)
        }
    }

    @Test func `an upgrade to an unsupported protocol is answered in HTTP/1.1 or refused`() async throws {
        try await TestGateway.with { gateway in
            for upgrade in ["websocket", "h2c", "TLS/1.0"] {
                let request = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \(upgrade)\r\n\r\n"
                let answer = try await gateway.raw(Array(request.utf8))
                #expect(answer.status == 200 || (400..<500).contains(answer.status), "\(upgrade)")
                // What comes next on such a connection would never be read.
                #expect(answer.closes)
            }
        }
    }

    @Test func `clients may disconnect after any byte of a request`() async throws {
        let request = Array((Self.post + "Content-Length: 19\r\n\r\n{\"user_id\":\"alice\"}").utf8)
        try await TestGateway.with { gateway in
            for count in stride(from: 0, to: request.count, by: 3) {
                let connection = try await RawConnection.open(port: gateway.port)
                connection.send(Array(request.prefix(count)))
                connection.close()
            }
            #expect(try await gateway.ask(.GET, "/health", token: nil).status == 200)
        }
    }

    private func slowAnswer(_ connection: RawConnection) async throws -> RawResponse {
        try await eventually("An answer") { RawResponse(connection.received) != nil }
        return try #require(RawResponse(connection.received))
    }
}
