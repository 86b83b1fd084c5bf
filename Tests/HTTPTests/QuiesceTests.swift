import TestSupport
import Testing

/// The end of a server, with connections in each of their phases.
@Suite(.timeLimit(.minutes(1)))
struct QuiesceTests {
    @Test func `a server that ends answers what it was asked and keeps nobody else`() async throws {
        let answering = SampleServer()
        var connections: [String: RawConnection] = [:]
        var leaving = ContinuousClock.now
        try await withRunning(answering.unit()) { port in
            let sent = [
                "idle": "", "head": "GET /a HTTP/1.1\r\nHost:", "answering": ServerConnectionTests.get("/slow"),
                "streaming": ServerConnectionTests.get("/events"),
                "receiving": "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na",
                "taking": ServerConnectionTests.get("/large"),
                "passing over": "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na",
            ]
            for (name, text) in sent {
                let connection = try await RawConnection.open(port: port)
                connections[name] = connection
                try await connection.setReading(name != "taking")
                connection.send(text)
            }
            for path in ["/slow", "/events", "/length", "/early", "/large"] {
                try await eventually("The question") { answering.journal.has("asked \(path)") }
            }
            let early = try #require(connections["passing over"])
            #expect(try await early.answer().status == 401)
            leaving = .now
            let (receiving, taking) = (try #require(connections["receiving"]), try #require(connections["taking"]))
            Task {
                try await Task.sleep(for: .milliseconds(200))
                receiving.send("bc")
                try await taking.setReading(true)
            }
        }
        // The drain's own limit is five seconds: nobody had to be cut off.
        #expect(ContinuousClock.now - leaving < .seconds(4.5))
        for (name, connection) in connections {
            try await eventually("The end of \(name)") { connection.isEnded }
        }
        #expect(connections["answering"].map(ServerConnectionTests.bodies) == ["/slow"])
        #expect(connections["receiving"].map(ServerConnectionTests.bodies) == ["3"])
        #expect(connections["streaming"]?.received.hasSuffix("data: end\n\n\r\n0\r\n\r\n") == true)
        #expect(connections["taking"].map { $0.count > SampleServer.large.utf8.count } == true)
        #expect(connections["idle"]?.count == 0)
    }
}
