import Foundation
import HTTP
import NIOCore
import TestSupport
import Testing

/// Request and response bodies of the server.
@Suite(.timeLimit(.minutes(5)))
struct ServerBodyTests {
    @Test(arguments: ["/broken", "/unfinished", "/short", "/long"])
    func `an incomplete response never looks complete`(path: String) async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(ServerConnectionTests.get(path))
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.hasPrefix("HTTP/1.1 200 OK"))
            #expect(RawResponse(connection.received) == nil)
            #expect(!connection.received.hasSuffix("0\r\n\r\n"))

            let old = try await RawConnection.open(port: port)
            old.send("GET \(path) HTTP/1.0\r\n\r\n")
            try await eventually("The old connection ends") { old.isEnded }
            #expect(!old.received.lowercased().contains("transfer-encoding"))
            if !path.hasPrefix("/short"), !path.hasPrefix("/long") { #expect(old.isReset) }
        }
    }

    @Test func `a slow reader slows the writer`() async throws {
        try await SampleServer.with { port, journal in
            let connection = try await RawConnection.open(port: port)
            try await connection.setReading(false)
            connection.send(ServerConnectionTests.get("/endless"))
            var before = -1
            try await eventually("The writer waits") {
                let now = journal.all.count
                defer { before = now }
                try await Task.sleep(for: .milliseconds(100))
                return now > 1 && now == before
            }
            // What the sockets buffer, and little more.
            #expect(before < 4000)
            try await connection.setReading(true)
            try await eventually("More pieces") { journal.all.count > before + 100 }
            connection.close()
            try await eventually("The writer ends") { journal.has("over /endless") }
        }
    }

    @Test func `a client that reads the last response slowly receives all of it`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            try await connection.setReading(false)
            connection.send(ServerConnectionTests.get("/large/last"))
            // Longer than the linger timeout after a response that is sent.
            try await Task.sleep(for: .milliseconds(1300))
            try await connection.setReading(true)
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.count > SampleServer.large.utf8.count)
        }
    }

    @Test func `a client that reads a long response slowly is not idle`() async throws {
        let configuration = ServerChannel.Configuration(idleTimeout: .seconds(3))
        try await SampleServer.with(configuration) { port, _ in
            let connection = try await RawConnection.open(port: port)
            let pauses = Task {
                while !Task.isCancelled {
                    try await connection.setReading(false)
                    try await Task.sleep(for: .milliseconds(100))
                    try await connection.setReading(true)
                    try await Task.sleep(for: .milliseconds(1))
                }
            }
            defer { pauses.cancel() }
            connection.send(ServerConnectionTests.get("/large"))
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.count > SampleServer.large.utf8.count)
        }
    }

    @Test func `pieces of all sizes keep their order`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(ServerConnectionTests.get("/mixed") + ServerConnectionTests.get("/mixed"))
            try await eventually("The responses") { ServerConnectionTests.bodies(connection).count == 2 }
            let whole = SampleServer.mixture.joined()
            #expect(ServerConnectionTests.bodies(connection).allSatisfy { $0 == whole })
        }
    }

    @Test func `a response to HEAD has no body`() async throws {
        try await SampleServer.with { port, journal in
            for path in ["/a", "/mixed", "/empty"] {
                let connection = try await RawConnection.open(port: port)
                connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n" + ServerConnectionTests.get("/close"))
                try await eventually("The connection ends") { connection.isEnded }
                let parts = connection.received.components(separatedBy: "\r\n\r\n")
                #expect(parts.count == 3 && parts[1].hasPrefix("HTTP/1.1 200") && parts[2] == "/close")
                #expect(parts[0].lowercased().contains("content-length") == (path != "/empty"))
            }
            let stream = try await RawConnection.open(port: port)
            stream.send("HEAD /endless HTTP/1.1\r\nHost: x\r\n\r\n")
            try await eventually("The connection ends") { stream.isEnded }
            #expect(stream.received.hasSuffix("\r\n\r\n") && !stream.received.contains("0\r\n\r\n"))
            try await eventually("The body's closure ends") { journal.has("over /endless") }
        }
    }

    @Test func `a response with status 204 has no body`() async throws {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(ServerConnectionTests.get("/empty") + ServerConnectionTests.get("/close"))
            try await eventually("The connection ends") { connection.isEnded }
            let parts = connection.received.components(separatedBy: "\r\n\r\n")
            #expect(parts.count == 3 && parts[0].hasPrefix("HTTP/1.1 204") && parts[1].hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `a response before the end of the request body is readable, and the connection is kept alive`()
        async throws
    {
        try await SampleServer.with { port, _ in
            let connection = try await RawConnection.open(port: port)
            let post = "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n"
            connection.send(post + "\r\nx")
            #expect(try await connection.answer().status == 401)
            connection.send([UInt8](repeating: 120, count: 2_999_999))
            connection.send(ServerConnectionTests.get("/a"))
            try await eventually("The second response") {
                ServerConnectionTests.bodies(connection) == ["/early", "/a"]
            }

            let leaving = try await RawConnection.open(port: port)
            leaving.send(post + "Connection: close\r\n\r\n")
            leaving.send([UInt8](repeating: 120, count: 2_999_999))
            #expect(try await leaving.answer().status == 401)
            try await eventually("The connection ends") { leaving.isEnded }
            #expect(!leaving.isReset)
        }
    }

    @Test func `an unread request body stops its sender, and arrives whole later`() async throws {
        try await SampleServer.with { port, journal in
            let connection = try await RawConnection.open(port: port)
            connection.send("POST /patient HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n")
            connection.send([UInt8](repeating: 120, count: 9_000_000))
            #expect(try await connection.answer().body == "9000000")

            let cut = try await RawConnection.open(port: port)
            cut.send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nx")
            try await eventually("The request") { journal.has("asked /length") }
            cut.close()
            try await eventually("The reader fails") { journal.has("broken /length") }
        }
    }

    @Test func `an idle stream sends heartbeats`() async throws {
        let configuration = ServerChannel.Configuration(heartbeatInterval: .milliseconds(20))
        try await SampleServer.with(configuration) { port, _ in
            let connection = try await RawConnection.open(port: port)
            connection.send(ServerConnectionTests.get("/events"))
            try await eventually("The end of the stream") { connection.received.hasSuffix("0\r\n\r\n") }
            #expect(connection.received.ranges(of: ": ping\n\n").count >= 2)
        }
    }
}
