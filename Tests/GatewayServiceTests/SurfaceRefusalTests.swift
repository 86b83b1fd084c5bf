import NIOHTTP1
import TestSupport
import Testing

/// Every refusal, also one of the gateway's own rules, has the format of the surface that was asked.
@Suite(.timeLimit(.minutes(5))) struct SurfaceRefusalTests {
    struct Path: Sendable, CustomTestStringConvertible {
        let method: HTTPMethod
        let path: String
        /// How its error bodies begin.
        let beginning: String
        var testDescription: String { "\(method) \(path)" }
    }

    private static let paths = [
        Path(method: .POST, path: "/v1/chat/completions", beginning: #"{"error":{"message":"#),
        Path(method: .POST, path: "/v1/embeddings", beginning: #"{"error":{"message":"#),
        Path(method: .POST, path: "/api/v1/chat/conversations", beginning: #"{"error":""#),
        Path(method: .POST, path: "/api/prompt/", beginning: #"{"error":""#),
        Path(method: .POST, path: "/conversation", beginning: #"{"detail":"#),
        Path(method: .POST, path: "/prompt", beginning: #"{"detail":"#),
        Path(method: .PUT, path: "/chat/session-1", beginning: #"{"detail":"#),
    ]

    @Test(arguments: paths)
    func `a refusal has the format of its surface`(_ path: Path) async throws {
        try await TestGateway.with { gateway in
            let head = "\(path.method) \(path.path) HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            for (more, status) in [
                ("Content-Length: x\r\n\r\n", 400), ("Content-Length: 99999999999\r\n\r\n", 413),
                ("no colon\r\n\r\n", 400), (String(repeating: "A: 1\r\n", count: 200) + "\r\n", 431),
            ] {
                let answer = try await gateway.raw(Array((head + more).utf8))
                #expect(answer.status == status)
                #expect(answer.body.hasPrefix(path.beginning), "\(answer.body)")
            }
            let wrongMethod = try await gateway.ask(.PATCH, path.path, body: "{}")
            #expect(wrongMethod.status == 405)
            #expect(wrongMethod.body.hasPrefix(path.beginning), "\(wrongMethod.body)")
            let unauthorized = try await gateway.ask(path.method, path.path, token: "a.b.c", body: "{}")
            #expect(unauthorized.status == 401)
            #expect(unauthorized.body.hasPrefix(path.beginning), "\(unauthorized.body)")
        }
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "1"]) { gateway in
            _ = try await gateway.ask(path.method, path.path, body: "{}")
            let limited = try await gateway.ask(path.method, path.path, body: "{}")
            #expect(limited.status == 429)
            #expect(limited.body.hasPrefix(path.beginning), "\(limited.body)")
        }
    }
}
