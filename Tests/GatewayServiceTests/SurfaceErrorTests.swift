import NIOHTTP1
import TestSupport
import Testing

/// Errors have the format of the surface that was asked, wherever they are found.
@Suite(.timeLimit(.minutes(5)))
struct SurfaceErrorTests {
    private static let embeddings = "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

    @Test(arguments: ["//v1/chat/completions", "/v1/v1/chat/completions", "/v1//chat/completions", "/v1/nothing"])
    func `an unknown path of OpenAI's interface is not found in its format`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.POST, path, body: "{}")
            #expect(answer.status == 404)
            #expect(answer.error("code") == "unknown_url")
        }
    }

    @Test func `embeddings accept the documented 32 MB`() async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let text = String(repeating: "word ", count: 300_000)
            let answer = try await gateway.ask(.POST, "/v1/embeddings", body: #"{"model":"m","input":"\#(text)"}"#)
            #expect(answer.status != 413, "\(answer.body.prefix(200))")
            let refused = try await gateway.raw(Array((Self.embeddings + "Content-Length: 33554433\r\n\r\n").utf8))
            #expect(refused.status == 413)
            #expect(refused.body.contains(#""code":"request_too_large""#), "\(refused.body)")
        }
    }

    @Test(
        arguments: [
            (embeddings + "Content-Length: x\r\n\r\n", 400), (embeddings + "no colon\r\n\r\n", 400),
            ("POST /v1/embeddings HTTP/1.1\r\n\r\n", 400), ("POST /v1/embeddings HTTP/3.0\r\nHost: x\r\n\r\n", 505),
            (embeddings + String(repeating: "A: 1\r\n", count: 200) + "\r\n", 431),
            ("BREW /v1/x HTTP/1.1\r\n\r\n", 501), ("\r\nGET /v1/models HTTP/1.1\r\nno colon\r\n\r\n", 400),
            ("GET http://x/v1/models HTTP/1.1\r\nno colon\r\n\r\n", 400),
            ("GET /v1/models HTTP/1.1\nHost: x\n\n", 400),
            ("GET /v1/\(String(repeating: "a", count: 90_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        ] as [(String, Int)]
    )
    func `the earliest refusal on OpenAI's interface has its format`(_ request: String, _ status: Int) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.raw(Array(request.utf8))
            #expect(answer.status == status)
            #expect(answer.body.hasPrefix(#"{"error":{"message":""#), "\(answer.body)")
            #expect(answer.head.lowercased().contains("x-request-id: "))
        }
    }

    @Test(arguments: ["/prompt?prompt=", "/sessions?username=", "/chat_history/", "/chat_history/x?y="])
    func `the earliest refusal has the format of the surface with the path`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let request = "GET \(path)\(String(repeating: "a", count: 90_000)) HTTP/1.1\r\nHost: x\r\n\r\n"
            let answer = try await gateway.raw(Array(request.utf8))
            #expect(answer.status == 414)
            #expect(answer.body.hasPrefix(#"{"detail":"The request"#), "\(answer.body)")
        }
    }

    @Test func `the earliest refusal has CORS headers`() async throws {
        let page = "https://app.example"
        try await TestGateway.with(["CORS_ORIGINS": page]) { gateway in
            let long = String(repeating: "a", count: 90_000)
            for (line, status) in [("BREW", 501), ("GET", 431)] {
                let request = "\(line) /v1/models HTTP/1.1\r\nHost: x\r\nOrigin: \(page)\r\nA: \(long)\r\n\r\n"
                let answer = try await gateway.raw(Array(request.utf8))
                #expect(answer.status == status)
                #expect(answer.head.lowercased().contains("access-control-allow-origin: \(page)"))
            }
        }
    }

    @Test func `a request with oversized headers is refused after the response to the one before it`() async throws {
        try await TestGateway.with { gateway in
            let connection = try await RawConnection.open(port: gateway.port)
            let good = "GET /api/v1/influencers HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.send(good + "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 300_000))\r\n\r\n")
            try await eventually("The connection ends") { connection.isEnded }
            let first = try #require(RawResponse(connection.received))
            let second = try #require(RawResponse(first.rest))
            #expect([first.status, second.status] == [200, 431])
        }
    }

    @Test func `a target in absolute form is a path on this host`() async throws {
        try await TestGateway.with { gateway in
            for (target, status) in [
                ("http://x/api/v1/influencers?limit=1", 200), ("HTTP://X/api/v1/influencers", 200), ("http://x", 200),
                ("http://x?a=b", 200), ("http://y/api/v1/influencers", 400), ("http://a@x/api/v1/influencers", 400),
                ("ftp://x/api/v1/influencers", 400), ("http://x//api/v1/influencers", 404),
            ] {
                let answer = try await gateway.raw(Array("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                #expect(answer.status == status, "\(target)")
            }
        }
    }
}
