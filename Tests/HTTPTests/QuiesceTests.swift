import TestSupport
import Testing

/// Graceful shutdown, with connections in each phase of a request.
@Suite(.timeLimit(.minutes(5)))
struct QuiesceTests {
    @Test func `a graceful shutdown completes requests in progress and closes all other connections`() async throws {
        let server = SampleServer()
        var connections: [String: RawConnection] = [:]
        try await withRunning(server.unit()) { port in
            let sent = [
                "idle": "", "head": "GET /a HTTP/1.1\r\nHost:", "responding": ServerConnectionTests.get("/slow"),
                "streaming": ServerConnectionTests.get("/events"),
                "receiving": "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na",
                "taking": ServerConnectionTests.get("/large"),
                "discarding": "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
            ]
            for (name, text) in sent {
                let connection = try await RawConnection.open(port: port)
                connections[name] = connection
                try await connection.setReading(name != "taking")
                connection.send(text)
            }
            for path in ["/slow", "/events", "/length", "/early", "/large"] {
                try await eventually("The request") { server.journal.has("asked \(path)") }
            }
            let early = try #require(connections["discarding"])
            #expect(try await early.answer().status == 401)
            let (receiving, taking) = (try #require(connections["receiving"]), try #require(connections["taking"]))
            Task {
                try await Task.sleep(for: .milliseconds(200))
                receiving.send("bc")
                try await taking.setReading(true)
            }
        }
        // The responses are complete: no connection was closed by force at the end of the time limit.
        for (name, connection) in connections {
            try await eventually("The end of \(name)") { connection.isEnded }
        }
        #expect(connections["responding"].map(ServerConnectionTests.bodies) == ["/slow"])
        #expect(connections["receiving"].map(ServerConnectionTests.bodies) == ["3"])
        #expect(connections["streaming"]?.received.hasSuffix("data: end\n\n\r\n0\r\n\r\n") == true)
        #expect(connections["taking"].map { $0.count > SampleServer.large.utf8.count } == true)
        #expect(connections["idle"]?.count == 0)
    }
}
