import Contracts
import TestSupport
import Testing

@testable import GatewayService

/// HTTP/1.1 and HTTP/1.0 on the wire.
@Suite(.timeLimit(.minutes(5)))
struct ProtocolTests {
    @Test(arguments: ["/nowhere", "/auth/token", "/api/v1/chat/conversations", "/x//y"])
    func `a refused HEAD is answered without a body`(path: String) async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            connection.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.hasPrefix("HTTP/1.1 4"))
            #expect(connection.received.hasSuffix("\r\n\r\n"))
            #expect(connection.received.ranges(of: "\r\n\r\n").count == 1)
        }
    }

    @Test func `HTTP 1.0 is answered in HTTP 1.0, and the connection is closed`() async throws {
        try await TestGateway.with { gateway in
            for request in ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"] {
                let connection = try await RawConnection.open(port: gateway.port)
                connection.send(request)
                try await eventually("The connection ends") { connection.isEnded }
                #expect(connection.received.hasPrefix("HTTP/1.0 200"))
                #expect(connection.received.lowercased().contains("connection: close"))
            }
        }
    }

    @Test func `a stream over HTTP 1.0 is not chunked`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.play(
                .events([
                    Run.Event(number: 1, userMessage: Sample.question), Run.Event(number: 2, text: "Hi."),
                    Run.Event(number: 3, end: Sample.end),
                ])
            )
            let connection = try await RawConnection.open(port: gateway.port)
            let body = #"{"content":"Hello"}"#
            connection.send(
                "POST \(Sample.path)/messages HTTP/1.0\r\nAuthorization: Bearer \(TestGateway.token())\r\n"
                    + "Accept: text/event-stream\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            try await eventually("The connection ends") { connection.isEnded }
            #expect(connection.received.hasPrefix("HTTP/1.0 200"))
            #expect(!connection.received.lowercased().contains("transfer-encoding"))
            let parts = connection.received.split(separator: "\r\n\r\n", maxSplits: 1)
            #expect(parts.last?.hasPrefix("id: 1\nevent: user_message\n") == true)
            #expect(parts.last?.hasSuffix("\n\n") == true)
        }
    }
}
