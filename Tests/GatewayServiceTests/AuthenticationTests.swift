import Bus
import Contracts
import NIOHTTP1
import ServiceKit
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct AuthenticationTests {
    private static let closed: [(HTTPMethod, String, String?)] = [
        (.GET, "/api/v1/chat/conversations", nil),
        (.POST, "/api/v1/chat/conversations", "{\"influencer_id\":\"\(Sample.persona.id)\"}"),
        (.DELETE, Sample.path, nil),
        (.GET, "\(Sample.path)/messages", nil),
        (.POST, "\(Sample.path)/messages", "{\"content\":\"x\"}"),
        (.GET, "\(Sample.path)/runs/\(Sample.run.id)", nil),
        (.GET, "\(Sample.path)/runs/\(Sample.run.id)/events", nil),
        (.POST, "\(Sample.path)/runs/\(Sample.run.id)/cancel", nil),
        (.GET, "/api/v1/keys", nil),
        (.POST, "/api/v1/keys", "{\"name\":\"laptop\"}"),
        (.DELETE, "/api/v1/keys/\(Sample.key.id)", nil),
    ]
    private static let open = [
        "/", "/health", "/readyz", "/status", "/metrics", "/api/v1/influencers",
        "/api/v1/influencers/\(Sample.persona.id)",
    ]

    @Test(arguments: ["required", "open"])
    func `private routes require a credential, public routes do not`(_ mode: String) async throws {
        try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
            for (method, path, body) in Self.closed {
                let answer = try await gateway.ask(method, path, token: nil, body: body)
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer.isEnvelope, "\(method) \(path)")
                #expect(answer.headers.first(name: "www-authenticate") == "Bearer")
            }
            #expect(gateway.services.requests.isEmpty)
            for (method, path, body) in Self.closed {
                let status = try await gateway.ask(method, path, body: body).status
                #expect((200...201).contains(status), "\(method) \(path)")
            }
            for path in Self.open { #expect(try await gateway.ask(.GET, path, token: nil).status == 200, "\(path)") }
        }
    }

    @Test func `with authentication off every request is made by the admin local`() async throws {
        try await TestGateway.with(["AUTH_MODE": "off"]) { gateway in
            for (method, path, body) in Self.closed {
                let status = try await gateway.ask(method, path, token: nil, body: body).status
                #expect((200...201).contains(status), "\(method) \(path)")
            }
            let principals = gateway.services.contexts.map(\.principal)
            #expect(principals.count == Self.closed.count)
            #expect(principals.allSatisfy { $0 == Principal(user: "local", role: .admin) })
            #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations").status == 200)
            #expect(gateway.services.contexts.last?.principal == Principal(user: "alice"))
        }
    }

    @Test(arguments: ["required", "open", "off"])
    func `an invalid credential is a 401 in every mode`(_ mode: String) async throws {
        let wrong: [HTTPHeaders] = [
            ["authorization": "Bearer x"], ["authorization": "Bearer"], ["authorization": "Bearer "],
            ["authorization": ""], ["authorization": "Basic YTpi"], ["authorization": TestGateway.token()],
            ["authorization": "Bearer  \(TestGateway.token())"], ["authorization": "Bearer \(TestGateway.token()) x"],
            ["authorization": "Token \(TestGateway.token())"], ["authorization": "Bearer sk-parley-0123456789abcdef"],
            ["x-api-key": "sk-parley-0123456789abcdef"], ["x-api-key": "x"], ["x-api-key": ""],
            ["x-api-key": TestGateway.token()],
        ]
        try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
            for headers in wrong {
                for path in ["/api/v1/chat/conversations", "/api/v1/influencers"] {
                    let answer = try await gateway.ask(.GET, path, token: nil, headers: headers)
                    #expect(answer.status == 401, "\(headers) \(path)")
                    #expect(answer.isEnvelope, "\(headers)")
                }
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `the authorization scheme is case-insensitive`() async throws {
        try await TestGateway.with { gateway in
            for scheme in ["bearer", "BEARER", "Bearer"] {
                let headers: HTTPHeaders = ["authorization": "\(scheme) \(TestGateway.token())"]
                let answer = try await gateway.ask(.GET, Sample.path + "/messages", token: nil, headers: headers)
                #expect(answer.status == 200)
            }
        }
    }

    @Test func `two different credentials are a 400, a repeated one is accepted`() async throws {
        let (alice, bob) = (TestGateway.token("alice"), TestGateway.token("bob"))
        try await TestGateway.with { gateway in
            let two: [HTTPHeaders] = [
                ["authorization": "Bearer \(alice)", "x-api-key": "sk-parley-1"],
                ["authorization": "Bearer \(alice)", "Authorization": "Bearer \(bob)"],
                ["authorization": "Bearer sk-parley-1", "x-api-key": "sk-parley-2"],
                ["x-api-key": "sk-parley-1", "X-API-Key": "sk-parley-2"],
            ]
            for headers in two {
                let answer = try await gateway.ask(.GET, "/api/v1/chat/conversations", token: nil, headers: headers)
                #expect(answer.status == 400, "\(headers)")
                #expect(answer.isEnvelope)
            }
            #expect(gateway.services.requests.isEmpty)
            let same: HTTPHeaders = ["authorization": "Bearer \(alice)", "Authorization": "Bearer \(alice)"]
            #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations", token: nil, headers: same).status == 200)
        }
    }

    @Test func `a credential elsewhere than in its header is ignored`() async throws {
        let token = TestGateway.token()
        try await TestGateway.with { gateway in
            let elsewhere: [(String, HTTPHeaders)] = [
                ("", ["cookie": "token=\(token); authorization=Bearer \(token)"]), ("?token=\(token)", [:]),
                ("?access_token=\(token)", [:]), ("?api_key=\(token)", [:]), ("", ["api-key": token]),
                ("", ["x-authorization": "Bearer \(token)"]), ("", ["proxy-authorization": "Bearer \(token)"]),
                ("", ["sec-websocket-protocol": "bearer, \(token)"]),
            ]
            for (query, headers) in elsewhere {
                let path = "/api/v1/chat/conversations\(query)"
                let answer = try await gateway.ask(.GET, path, token: nil, headers: headers)
                #expect(answer.status == 401, "\(query) \(headers)")
            }
        }
    }

    @Test func `internal headers from outside are ignored`() async throws {
        let claimed: HTTPHeaders = [
            "x-principal": "root;role=admin", "x-internal-user": "root", "x-internal-role": "admin",
            "x-user-id": "root",
            "x-user": "root", "x-forwarded-user": "root", "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "evil",
            "x-forwarded-proto": "https", "forwarded": "for=127.0.0.1;host=evil", "x-deadline-ms": "1",
            "x-original-url": "/admin", "x-rewrite-url": "/admin", "x-http-method-override": "DELETE",
        ]
        try await TestGateway.with { gateway in
            #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations", headers: claimed).status == 200)
            let context = try #require(gateway.services.contexts.first)
            #expect(context.principal == Principal(user: "alice"))
            #expect(
                try await gateway.ask(.GET, "/api/v1/chat/conversations", token: nil, headers: claimed).status == 401
            )
            #expect(try await gateway.ask(.GET, "/api/v1/influencers", token: nil, headers: claimed).status == 200)
            #expect(gateway.services.contexts.last?.principal == nil)
        }
    }

    @Test func `open mode issues tokens that v1 accepts`() async throws {
        try await TestGateway.with(["AUTH_MODE": "open"]) { gateway in
            let answer = try await gateway.ask(.POST, "/auth/token", token: nil, body: #"{"user_id":"Zoë"}"#)
            #expect(answer.status == 200)
            #expect(answer.body.hasPrefix(#"{"access_token":""#))
            #expect(answer.body.hasSuffix(#"","token_type":"bearer","expires_in":86400}"#))
            let token = try #require(try answer.json["access_token"] as? String)
            #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations", token: token).status == 200)
            #expect(gateway.services.contexts.last?.principal == Principal(user: "Zoë", role: .user))
            for body in ["{}", #"{"user_id":""}"#, #"{"user_id":1}"#, #"{"user_id":"a\nb"}"#, #"{"user_id":null}"#] {
                #expect(try await gateway.ask(.POST, "/auth/token", token: nil, body: body).status == 400, "\(body)")
            }
            let long = "{\"user_id\":\"\(String(repeating: "a", count: 256))\"}"
            #expect(try await gateway.ask(.POST, "/auth/token", token: nil, body: long).status == 400)
        }
    }

    @Test(arguments: ["required", "off"])
    func `no other mode issues tokens`(_ mode: String) async throws {
        try await TestGateway.with(["AUTH_MODE": mode]) { gateway in
            let answer = try await gateway.ask(.POST, "/auth/token", token: nil, body: #"{"user_id":"alice"}"#)
            #expect(answer.status == 404)
            #expect(answer.isEnvelope)
        }
    }

    @Test func `the role is sent on the bus`() async throws {
        try await TestGateway.with { gateway in
            _ = try await gateway.ask(
                .GET,
                "/api/v1/chat/conversations",
                token: TestGateway.token("root", role: "admin")
            )
            _ = try await gateway.ask(
                .GET,
                "/api/v1/chat/conversations",
                token: TestGateway.token("eve", role: "ADMIN")
            )
            #expect(gateway.services.contexts.map(\.principal?.role) == [.admin, .user])
        }
    }
}
