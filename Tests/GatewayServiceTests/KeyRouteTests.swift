import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// `/api/v1/keys`.
@Suite(.timeLimit(.minutes(5)))
struct KeyRouteTests {
    private static let key = """
        {"id":"0192f0c1-7b5a-7c3e-9f00-000000000041","name":"laptop","user_id":"alice","role":"user",\
        "requests_per_minute":5,"requests_per_hour":null,"concurrent_runs":null,\
        "created_at":"2025-11-25T07:03:25.123456Z","expires_at":null,"last_used_at":null}
        """

    @Test func `a new key's secret is shown once`() async throws {
        try await TestGateway.with { gateway in
            let body = #"{"name":"laptop","requests_per_minute":5,"expires_in":60}"#
            let made = try await gateway.ask(.POST, "/api/v1/keys", body: body)
            #expect(made.status == 201)
            let secret = #""key":"sk-parley-secret","#
            #expect(made.body == Self.key.replacing(#""name":"#, with: secret + #""name":"#, maxReplacements: 1))
            #expect(made.headers.first(name: "cache-control") == "no-store")
            let list = try await gateway.ask(.GET, "/api/v1/keys?limit=1")
            #expect(list.body == "{\"keys\":[\(Self.key)],\"total\":1,\"limit\":1,\"offset\":0}")
            let path = "/api/v1/keys/\(Sample.key.id)"
            #expect(try await gateway.ask(.PATCH, path, body: #"{"name":"desk"}"#).body == Self.key)
            let revoked = try await gateway.ask(.DELETE, path)
            #expect(revoked.body == "{\"success\":true,\"revoked_key_id\":\"\(Sample.key.id)\"}")
        }
    }

    @Test func `invalid values are rejected`() async throws {
        try await TestGateway.with { gateway in
            let wrong = [
                #"{"name":"a","role":"root"}"#, #"{"name":"a","expires_in":0}"#, #"{"name":"a","expires_in":-5}"#,
                #"{"name":"a","expires_in":9e18}"#, #"{"name":5}"#, #"{"name":"a","requests_per_minute":"5"}"#, "[]",
            ]
            for body in wrong {
                let status = try await gateway.ask(.POST, "/api/v1/keys", body: body).status
                #expect(status == 400, "\(body)")
            }
            for path in ["/api/v1/keys?all=maybe", "/api/v1/keys?user=a&user=b", "/api/v1/keys?limit=0"] {
                let status = try await gateway.ask(.GET, path).status
                #expect(status == 400, "\(path)")
            }
            let nothing = try await gateway.ask(.DELETE, "/api/v1/keys/nothing")
            #expect(nothing.status == 404)
            #expect(gateway.services.requests.isEmpty)
        }
    }
}
