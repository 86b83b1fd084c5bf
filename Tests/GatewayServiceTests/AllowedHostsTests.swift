import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct AllowedHostsTests {
    private static let paths = ["/status", "/health", "/api/v1/influencers", "/nowhere", "/v1/models", "/metrics"]

    @Test(
        arguments: ["open", "off"],
        [
            "evil.example", "evil.example:8000", "127.evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
            "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "192.168.1.5:8000", "[::2]:8000", "[::]",
            "other.example", "localhost:8000:8000", "localhost:x", "[::1]x", "[::1", "::1",
        ]
    )
    func `other hosts are answered 421 in the form of the surface`(mode: String, host: String) async throws {
        try await TestGateway.with(["AUTH_MODE": mode, "ALLOWED_HOSTS": "parley.example"]) { gateway in
            for path in Self.paths {
                let answer = try await send(gateway, "GET \(path)", host)
                #expect(answer.status == 421, "\(path)")
                #expect(answer.body.contains("ALLOWED_HOSTS"), "\(path)")
                let isOpenAI = answer.body.contains(#""type":"invalid_request_error""#)
                #expect(path.hasPrefix("/v1/") ? isOpenAI : answer.isEnvelope)
                #expect(answer.head.lowercased().contains("x-request-id: "))
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(
        arguments: ["open", "off"],
        [
            "localhost", "LOCALHOST", "localhost.:8000", "127.0.0.1:8000", "127.8.9.10", "[::1]:8000",
            "[::ffff:127.0.0.1]",
            "parley.example", "PARLEY.example.", "parley.example:443", "192.168.1.5:8000", "[fd00::5]",
            "[FD00:0::5]:80",
        ]
    )
    func `loopback hosts and allowed hosts are answered`(mode: String, host: String) async throws {
        let allowed = "parley.example, 192.168.1.5,fd00::5"
        try await TestGateway.with(["AUTH_MODE": mode, "ALLOWED_HOSTS": allowed]) { gateway in
            let models = try await send(gateway, "GET /v1/models", host)
            #expect(models.status == 200)
            #expect(try await send(gateway, "GET /api/v1/influencers", host).status == 200)
        }
    }

    @Test func `with required authentication any host is answered`() async throws {
        try await TestGateway.with(["AUTH_MODE": "required"]) { gateway in
            let answer = try await send(gateway, "GET /api/v1/influencers", "evil.example")
            #expect(answer.status == 200)
        }
    }

    @Test func `a rebound name gets no token`() async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let body = #"{"user_id":"alice"}"#
            let headers = "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
            let refused = try await send(gateway, "POST /auth/token", "evil.example", headers, body)
            #expect(refused.status == 421)
            #expect(!refused.body.contains("access_token"))
            #expect(try await send(gateway, "POST /auth/token", "localhost", headers, body).status == 200)
        }
    }

    @Test(arguments: [
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil@localhost\r\n\r\n",
    ])
    func `an ambiguous host is a 400`(_ request: String) async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let answer = try await gateway.raw(Array(request.utf8))
            #expect(answer.status == 400)
        }
    }

    private func send(
        _ gateway: TestGateway,
        _ line: String,
        _ host: String,
        _ headers: String = "",
        _ body: String = ""
    ) async throws -> RawResponse {
        try await gateway.raw(Array("\(line) HTTP/1.1\r\nHost: \(host)\r\n\(headers)\r\n\(body)".utf8))
    }
}
