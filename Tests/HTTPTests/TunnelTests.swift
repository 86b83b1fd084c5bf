import Foundation
import HTTP
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

/// Upgraded connections over one hop.
@Suite(.timeLimit(.minutes(5)))
struct TunnelTests {
    struct NotUpgraded: Error {}

    static let head = "GET /tunnel HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: bytes\r\n\r\n"

    @Test(arguments: [true, false])
    func `bytes that come with the head are not lost, and nothing after it is parsed as HTTP`(
        withEnd: Bool
    ) async throws {
        try await withServer(respond: Self.echo) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.head + "GET / HTTP/1.1\r\n\r\n\u{0}early")
            if withEnd { connection.endOutput() }
            try await eventually("The echo") {
                connection.received.hasSuffix("\r\n\r\nGET / HTTP/1.1\r\n\r\n\u{0}early")
            }
            #expect(connection.received.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
            #expect(connection.received.lowercased().contains("upgrade: bytes"))
            if !withEnd {
                connection.send("late")
                try await eventually("More of it") { connection.received.hasSuffix("earlylate") }
                connection.endOutput()
            }
            try await eventually("The connection ends") { connection.isEnded }
            #expect(!connection.isReset)
        }
    }

    @Test func `the client gets the connection, and bytes that come with the 101`() async throws {
        let respond: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes", headers: ["x-sample": "1"]) { tunnel in
                try await tunnel.write(ByteBuffer(string: "first"))
                try await tunnel.finish()
                let rest = try await Self.text(tunnel)
                #expect(rest == "from the client")
            }
        }
        try await withServer(respond: respond) { port in
            let tunnel = try await Self.open(port, headers: ["x-sample": "1"])
            #expect(try await Self.text(tunnel) == "first")
            // The other direction is still open.
            try await tunnel.write(ByteBuffer(string: "from the client"))
            try await tunnel.finish()
        }
    }

    @Test func `a server that sends 101, bytes and its end at once loses nothing`() async throws {
        let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: bytes\r\n\r\n"
        let answer = FakeResponse(head: head, body: "HTTP/1.1 200 OK\r\n\r\n".utf8).ending(.halfClose)
        try await RawServer.with(saying: answer) { server in
            let port = try #require(Int(server.authority.split(separator: ":")[1]))
            let tunnel = try await Self.open(port)
            #expect(try await Self.text(tunnel) == "HTTP/1.1 200 OK\r\n\r\n")
            try await tunnel.finish()
        }
    }

    @Test func `a 101 that was not asked for, or names no protocol, is no tunnel`() async throws {
        let answer = FakeResponse(head: "HTTP/1.1 101 Switching Protocols\r\n\r\n", body: "x".utf8).ending(.close)
        try await RawServer.with(saying: answer) { server in
            let request = try HTTPClient.Request(url: "http://\(server.authority)/")
            do {
                let upgrade = try await HTTPClient().upgrade(request, to: "bytes")
                if case .accepted = upgrade { Issue.record("The connection was upgraded.") }
            } catch is HTTPClientError {}
        }
    }

    @Test func `an ordinary response to an upgrade is an ordinary response`() async throws {
        try await withServer(respond: { _ in .text("not here", status: .notFound) }) { port in
            let request = try HTTPClient.Request(url: "http://127.0.0.1:\(port)/")
            guard case .refused(let response) = try await HTTPClient().upgrade(request, to: "bytes") else {
                Issue.record("The connection was upgraded.")
                return
            }
            #expect(response.status == 404)
            #expect(String(buffer: try await response.body.collect(upTo: 100)) == "not here")
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: bytes\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: bytes\r\n\r\n",
    ])
    func `an upgrade that the request does not ask for is a 426`(request: String) async throws {
        try await withServer(respond: Self.echo) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(request)
            let answer = try await connection.answer()
            #expect(answer.status == 426)
            #expect(answer.head.lowercased().contains("upgrade: bytes"))
        }
    }

    @Test func `a client that resets cancels the handler`() async throws {
        let (entered, cancelled) = (ByteCounter(), ByteCounter())
        let respond: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { _ in
                entered.add(1)
                do { try await Task.sleep(for: .seconds(3600)) } catch { cancelled.add(1) }
            }
        }
        try await withServer(respond: respond) { port in
            let connection = try await RawConnection.open(port: port)
            connection.send(Self.head)
            try await eventually("The handler runs") { entered.count == 1 }
            try await connection.reset()
            try await eventually("The handler is cancelled") { cancelled.count == 1 }
        }
    }

    @Test func `a handler that throws resets the connection, one that returns ends it`() async throws {
        for isFailing in [true, false] {
            let respond: ServerChannel.Respond = { _ in
                .upgrade(to: "bytes") { tunnel in
                    _ = try await tunnel.next()
                    if isFailing { throw CancellationError() }
                    try await tunnel.write(ByteBuffer(string: "end"))
                }
            }
            try await withServer(respond: respond) { port in
                let connection = try await RawConnection.open(port: port)
                connection.send(Self.head + "x")
                try await eventually("The connection ends") { connection.isEnded }
                #expect(connection.isReset == isFailing)
                #expect(connection.received.hasSuffix("end") != isFailing)
            }
        }
    }

    @Test func `a reader that pauses slows the writer`() async throws {
        let written = ByteCounter()
        let respond: ServerChannel.Respond = { _ in
            .upgrade(to: "bytes") { tunnel in
                while written.count < 60_000_000 {
                    try await tunnel.write(CountedSource.chunk)
                    written.add(CountedSource.chunk.readableBytes)
                }
            }
        }
        try await withServer(respond: respond) { port in
            let tunnel = try await Self.open(port)
            let before = try await settled { written.count }
            #expect(before < 20_000_000)
            var received = 0
            while let bytes = try await tunnel.next() { received += bytes.readableBytes }
            #expect(received == written.count && received >= 60_000_000)
            try await tunnel.finish()
        }
    }

    @Test func `a graceful shutdown tells open tunnels, and resets those that stay`() async throws {
        let (told, cancelled) = (ByteCounter(), ByteCounter())
        let respond: ServerChannel.Respond = { request in
            .upgrade(to: "bytes") { tunnel in
                do {
                    if request.head.uri == "/polite" {
                        try await tunnel.shutdownRequested()
                        told.add(1)
                        return try await tunnel.write(ByteBuffer(string: "goodbye"))
                    }
                    while try await tunnel.next() != nil {}
                } catch {
                    cancelled.add(1)
                    throw error
                }
            }
        }
        let configuration = ServerChannel.Configuration(tunnelShutdownTimeout: .seconds(3))
        var connections: [RawConnection] = []
        try await withServer(configuration, respond: respond) { port in
            for path in ["/polite", "/stubborn"] {
                let connection = try await RawConnection.open(port: port)
                connection.send(Self.head.replacingOccurrences(of: "/tunnel", with: path))
                try await eventually("The upgrade") { connection.received.hasSuffix("\r\n\r\n") }
                connections.append(connection)
            }
        }
        #expect(told.count == 1 && cancelled.count == 1)
        try await eventually("Both connections end") { connections.allSatisfy(\.isEnded) }
        #expect(connections[0].received.hasSuffix("goodbye") && !connections[0].isReset)
        #expect(connections[1].isReset)
    }

    /// Sends back what comes.
    static let echo: ServerChannel.Respond = { _ in
        .upgrade(to: "bytes") { tunnel in
            while let bytes = try await tunnel.next() { try await tunnel.write(bytes) }
        }
    }

    static func open(
        _ port: Int,
        headers: HTTPHeaders = [:],
        client: HTTPClient = HTTPClient()
    ) async throws -> ByteTunnel {
        let request = try HTTPClient.Request(url: "http://127.0.0.1:\(port)/tunnel")
        guard case .accepted(let head, let tunnel) = try await client.upgrade(request, to: "bytes") else {
            throw NotUpgraded()
        }
        for header in headers { #expect(head.first(name: header.name) == header.value) }
        return tunnel
    }

    /// The rest of what comes, as text.
    static func text(_ tunnel: ByteTunnel) async throws -> String {
        var text = ""
        while let bytes = try await tunnel.next() { text += String(buffer: bytes) }
        return text
    }
}
