import NIOHTTP1
import Testing

/// Cross-origin requests.
@Suite(.timeLimit(.minutes(5)))
struct CORSTests {
    private static let page = "https://app.example"
    private static let strangers = [
        "https://evil.example", "http://app.example", "https://app.example.evil", "https://evil.app.example",
        "https://app.example:8443", "https://APP.example", "null", "https://app.example/", "*", "",
    ]

    @Test func `an allowed origin may send requests and read the exposed headers`() async throws {
        try await TestGateway.with(["CORS_ORIGINS": " https://other.example , \(Self.page) "]) { gateway in
            let preflight = try await self.preflight(Self.page, at: gateway)
            #expect(preflight.status == 200)
            #expect(preflight.body == "OK")
            #expect(preflight.headers.first(name: "access-control-allow-origin") == Self.page)
            #expect(preflight.headers.first(name: "access-control-max-age") == "600")
            #expect(preflight.headers.first(name: "access-control-allow-headers") == "authorization, x-any")
            let methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
            #expect(preflight.headers.first(name: "access-control-allow-methods") == methods)
            #expect(preflight.headers.first(name: "vary") == "Origin")
            for path in ["/api/v1/influencers", "/api/v1/chat/conversations", "/x"] {
                let answer = try await gateway.ask(.GET, path, token: nil, headers: ["origin": Self.page])
                #expect(answer.headers[canonicalForm: "access-control-allow-origin"] == [Self.page[...]], "\(path)")
                #expect(answer.headers.first(name: "vary") == "Origin")
                #expect(answer.headers.first(name: "access-control-expose-headers")?.contains("x-parley-run") == true)
            }
        }
    }

    @Test func `other origins are refused`() async throws {
        try await TestGateway.with(["CORS_ORIGINS": Self.page]) { gateway in
            for stranger in Self.strangers {
                let preflight = try await self.preflight(stranger, at: gateway)
                #expect(preflight.status == 400, "\(stranger)")
                #expect(preflight.body == "Disallowed CORS origin")
                #expect(preflight.headers.first(name: "access-control-allow-origin") == nil)
                let answer = try await gateway.ask(.GET, "/api/v1/influencers", headers: ["origin": stranger])
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "access-control-allow-origin") == nil, "\(stranger)")
                #expect(answer.headers.first(name: "access-control-allow-credentials") == nil)
                #expect(answer.headers.first(name: "vary") == "Origin")
            }
            #expect(try await gateway.ask(.GET, "/api/v1/influencers").headers.first(name: "vary") == "Origin")
        }
    }

    @Test func `* allows every origin without credentials`() async throws {
        try await TestGateway.with(["CORS_ORIGINS": "*"]) { gateway in
            for stranger in ["https://evil.example", "null"] {
                #expect(try await self.preflight(stranger, at: gateway).status == 200)
                let answer = try await gateway.ask(.GET, "/api/v1/influencers", headers: ["origin": stranger])
                #expect(answer.headers.first(name: "access-control-allow-origin") == "*")
                #expect(answer.headers.first(name: "access-control-allow-credentials") == nil)
            }
        }
    }

    @Test func `without the setting no origin is allowed`() async throws {
        try await TestGateway.with { gateway in
            #expect(try await self.preflight(Self.page, at: gateway).status == 400)
            let answer = try await gateway.ask(.GET, "/api/v1/influencers", headers: ["origin": Self.page])
            #expect(answer.status == 200)
            #expect(!answer.headers.contains { $0.name.lowercased().hasPrefix("access-control") })
        }
    }

    private func preflight(_ origin: String, at gateway: TestGateway) async throws -> Answer {
        try await gateway.ask(
            .OPTIONS,
            "/api/v1/chat/conversations",
            token: nil,
            headers: [
                "origin": origin, "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, x-any",
            ]
        )
    }
}
