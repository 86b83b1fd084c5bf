import Contracts
import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

/// Errors of a surface that answers as FastAPI does.
struct FastAPISurfaceTests {
    @Sendable private static func surfaces(_ services: GatewayServices) -> [Surface] {
        [
            Surface(
                name: "fastapi",
                errors: FastAPIResponse.errors,
                prefixes: ["/conversation"],
                defaults: Surface.Defaults(access: .identified, slash: .redirect, bodyLimit: 1000),
                routes: [
                    Route(.PUT, "/chat/{id}", access: .anyone) { (request, _: GatewayContext) in
                        var fields = try await FastAPIBody.fields(request)
                        let payload = fields.string("payload")
                        try fields.check()
                        return .text(payload)
                    },
                    Route(.GET, "/conversation") { (_, context: AuthenticatedContext) in
                        .text(try context.acting(as: "bob").principal.user)
                    },
                    Route(.POST, "/fault", access: .anyone) { (_, _: GatewayContext) in
                        throw Fault(.unavailable, "Down.", retryAfter: 7)
                    },
                    Route(.POST, "/unexpected", access: .anyone) { (_, _: GatewayContext) in throw CocoaLikeError() },
                ]
            )
        ]
    }

    private struct CocoaLikeError: Error {}

    @Test func `faults have the format detail`() async throws {
        try await TestGateway.with(surfaces: Self.surfaces) { gateway in
            let unknown = try await gateway.ask(.GET, "/conversation/1/2/3", token: nil)
            #expect(unknown.status == 404 && unknown.body == #"{"detail":"Not Found"}"#)
            #expect(unknown.headers["content-type"] == ["application/json"])
            let method = try await gateway.ask(.POST, "/chat/1", token: nil, body: "{}")
            #expect(method.status == 405 && method.body == #"{"detail":"Method Not Allowed"}"#)
            #expect(method.headers["allow"] == ["PUT"])
            let missing = try await gateway.ask(.GET, "/conversation", token: nil)
            #expect(missing.status == 401 && missing.headers["www-authenticate"] == ["Bearer"])
            #expect(missing.body == #"{"detail":"Missing authorization header"}"#)
            let foreign = try await gateway.ask(.GET, "/conversation")
            #expect(foreign.status == 403 && foreign.body.hasPrefix(#"{"detail":"The credential is of another"#))
            let admin = try await gateway.ask(.GET, "/conversation", token: TestGateway.token(role: "admin"))
            #expect(admin.status == 200 && admin.body == "bob")
            let large = String(repeating: "x", count: 1001)
            let tooLarge = try await gateway.ask(.PUT, "/chat/1", token: nil, body: #"{"payload":"\#(large)"}"#)
            #expect(tooLarge.status == 413 && tooLarge.body == #"{"detail":"The body is longer than 1000 bytes."}"#)
            let down = try await gateway.ask(.POST, "/fault", token: nil)
            #expect(down.status == 503 && down.body == #"{"detail":"Down."}"# && down.headers["retry-after"] == ["7"])
            let unexpected = try await gateway.ask(.POST, "/unexpected", token: nil)
            #expect(unexpected.status == 500 && unexpected.body.hasPrefix(#"{"detail":""#))
            #expect(!unexpected.body.contains("CocoaLikeError"))
        }
    }

    @Test func `bodies are validated`() async throws {
        try await TestGateway.with(surfaces: Self.surfaces) { gateway in
            let valid = try await gateway.ask(.PUT, "/chat/1", token: nil, body: #"{"payload":"Hi","more":[1]}"#)
            #expect(valid.status == 200 && valid.body == "Hi")
            let none = try await gateway.ask(.PUT, "/chat/1", token: nil)
            #expect(none.status == 422)
            #expect(
                none.body == #"{"detail":[{"type":"missing","loc":["body"],"msg":"Field required","input":null}]}"#
            )
            let broken = try await gateway.ask(.PUT, "/chat/1", token: nil, body: #"{"payload":"#)
            #expect(broken.status == 422 && broken.body.contains(#""loc":["body",11]"#))
            let deep = String(repeating: "[", count: 100)
            let nested = try await gateway.ask(.PUT, "/chat/1", token: nil, body: #"{"payload":\#(deep)"#)
            #expect(nested.status == 422 && nested.body.contains("Nested deeper than 64 levels"))
            let bytes = Array("PUT /chat/1 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\n".utf8)
            let invalid = try await gateway.raw(bytes + [0xFF])
            #expect(invalid.status == 400 && invalid.body == #"{"detail":"There was an error parsing the body"}"#)
        }
    }

    @Test func `the other slash form is redirected with status 307`() async throws {
        try await TestGateway.with(surfaces: Self.surfaces) { gateway in
            let redirected = try await gateway.ask(.GET, "/conversation/?a=b", token: nil)
            #expect(redirected.status == 307 && redirected.headers["location"] == ["/conversation?a=b"])
        }
    }

    @Test func `a rate limit answers 429 with detail`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "1"], surfaces: Self.surfaces) { gateway in
            _ = try await gateway.ask(.PUT, "/chat/1", token: nil, body: "{}")
            let limited = try await gateway.ask(.PUT, "/chat/1", token: nil, body: "{}")
            #expect(limited.status == 429 && limited.body == #"{"detail":"Too many requests."}"#)
            #expect(limited.headers["retry-after"].first.flatMap { Int($0) } ?? 0 > 0)
        }
    }
}
