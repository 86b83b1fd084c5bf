import HTTP
import NIOCore
import TestSupport
import Testing

/// Server connections, in each phase of a request.
@Suite(.timeLimit(.minutes(5)))
struct ServerConnectionTests {
    @Test func `pipelined requests are handled in order, one at a time`() async throws {
        try await SampleServer.with { port, journal in
            let connection = try await RawConnection.open(port: port)
            connection.send(["/slow", "/a", "/b", "/slow", "/c"].map { Self.get($0) }.joined())
            try await eventually("The responses") { Self.bodies(connection).count == 5 }
            #expect(Self.bodies(connection) == ["/slow", "/a", "/b", "/slow", "/c"])
            #expect(journal.all == ["/slow", "/a", "/b", "/slow", "/c"].map { "asked \($0)" })
        }
    }

    @Test func `hundreds of pipelined requests are handled, thousands close the connection`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(String(repeating: Self.get("/a"), count: 200))
            try await eventually("The responses") { Self.bodies(connection).count == 200 }

            let flood = try await RawConnection.open(port: port)
            flood.send(Self.get("/slow") + String(repeating: Self.get("/a"), count: 20_000))
            try await eventually("The connection ends") { flood.isEnded }
            #expect(Self.bodies(flood).first == "/slow")
            #expect(Self.bodies(flood).count < 20_000)
        }
    }

    @Test func `a chunked body of a pipelined request arrives whole`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            let chunks = String(repeating: "1\r\nx\r\n", count: 5000)
            connection.send(
                Self.get("/slow") + "POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"
            )
            connection.send("0\r\nTrailer: y\r\n\r\n" + Self.get("/a"))
            try await eventually("The responses") { Self.bodies(connection).count == 3 }
            #expect(Self.bodies(connection) == ["/slow", "5000", "/a"])
        }
    }

    @Test func `a client that disconnects cancels the handler, before and after the response has begun`() async throws {
        try await SampleServer.with { port, journal in
            let silent = try await RawConnection.open(port: port)
            silent.send(Self.get("/silent"))
            try await eventually("The request") { journal.has("asked /silent") }
            try await silent.reset()
            try await eventually("The cancellation") { journal.has("cancelled /silent") }
            // The body's closure runs all the same: it releases resources.
            try await eventually("The body's closure ends") { journal.has("over /silent") }

            let endless = try await RawConnection.open(port: port)
            endless.send(Self.get("/endless"))
            try await eventually("The stream") { endless.count > 100_000 }
            endless.close()
            try await eventually("The stream ends") { journal.has("over /endless") }
        }
    }

    @Test func `a client that half-closes is treated as disconnected`() async throws {
        try await SampleServer.with { port, journal in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.get("/silent"))
            try await eventually("The request") { journal.has("asked /silent") }
            connection.endOutput()
            try await eventually("The cancellation") { journal.has("cancelled /silent") }
            try await eventually("The connection ends") { connection.isEnded }

            let idle = try await RawConnection.open(port: port)
            idle.endOutput()
            try await eventually("The idle connection ends") { idle.isEnded }
        }
    }

    @Test(arguments: [
        "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", get("/close"), "GET /a HTTP/1.0\r\n\r\n",
        "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ])
    func `no request is handled after the last response`(last: String) async throws {
        try await SampleServer.with { port, journal in
            let connection = try await RawConnection.open(port: port)
            connection.send(last)
            let answer = try await connection.answer()
            #expect(answer.closes)
            connection.send(Self.get("/b"))
            try await eventually("The connection ends") { connection.isEnded }
            try await Task.sleep(for: .milliseconds(100))
            #expect(!journal.has("asked /b"))
            #expect(answer.head.hasPrefix(last.contains("HTTP/1.0") ? "HTTP/1.0 200" : "HTTP/1.1 200"))
        }
    }

    @Test func `a client that does not close after the last response is closed`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.get("/close"))
            try await eventually("The end of the response") { connection.isEnded }
            // The client ignores the half-close and goes on.
            try await eventually("The connection is closed in both directions") {
                connection.send("x")
                try await Task.sleep(for: .milliseconds(50))
                return connection.isGone
            }
        }
    }

    @Test(arguments: ["Connection: Upgrade\r\nUpgrade: h2c", "Connection: Upgrade, X\r\nUpgrade: websocket"])
    func `a refused upgrade is an ordinary response that closes the connection`(headers: String) async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send("GET /slow HTTP/1.1\r\nHost: x\r\n\(headers)\r\n\r\n")
            // What follows is not read: the sender is slowed.
            for _ in 0..<50 { connection.send([UInt8](repeating: 0, count: 65_536)) }
            let answer = try await connection.answer()
            #expect(answer.body == "/slow" && answer.closes)
            try await eventually("The connection ends") { connection.isEnded }
        }
    }

    @Test func `a malformed request does not prevent the response before it`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.get("/slow") + "NONSENSE\r\n\r\n")
            #expect(try await connection.answer().body == "/slow")
            try await eventually("The connection ends") { connection.isEnded }

            let other = try await RawConnection.open(port: port)
            other.send("NONSENSE\r\n\r\n")
            #expect(try await other.answer().status == 400)
        }
    }

    @Test func `idle connections are closed, busy ones are not`() async throws {
        let configuration = ServerChannel.Configuration(idleTimeout: .seconds(2))
        try await SampleServer.with(configuration) { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.get("/slower"))
            #expect(try await connection.answer().body == "/slower")
            try await eventually("The connection ends") { connection.isEnded }
        }
    }

    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n" }

    /// The bodies of all complete responses so far.
    static func bodies(_ connection: RawConnection) -> [String] {
        var (text, bodies) = (connection.received, [String]())
        while let answer = RawResponse(text) {
            bodies.append(answer.body)
            text = answer.rest
        }
        return bodies
    }
}
