import NIOHTTP1
import TestSupport
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct AnonymousAccessTests {
    static let forwarding: [(String, String)] = [
        ("X-Forwarded-For", "127.0.0.1"), ("x-forwarded-proto", "https"), ("X-FORWARDED-HOST", "parley.example"),
        ("X-Forwarded-Server", "proxy"), ("Forwarded", "for=127.0.0.1"), ("Forwarded", ""), ("Via", "1.1 proxy"),
        ("X-Real-IP", "127.0.0.1"), ("CF-Connecting-IP", "192.0.2.1"), ("True-Client-IP", "192.0.2.1"),
        ("X-Envoy-External-Address", "192.0.2.1"),
    ]

    @Test(arguments: forwarding)
    func `a forwarded request needs a credential in open mode`(name: String, value: String) async throws {
        let headers = HTTPHeaders([(name, value)])
        try await TestGateway.with(["AUTH_MODE": "open", "TRUSTED_PROXIES": "127.0.0.1"]) { gateway in
            for token in [nil, "anything"] {
                let answer = try await gateway.ask(.GET, "/v1/models", token: token, headers: headers)
                #expect(answer.status == 401)
                #expect(try await gateway.ask(.GET, "/v1/models", token: token).status == 200)
            }
            #expect(try await gateway.ask(.GET, "/v1/models", headers: headers).status == 200)
            #expect(try await gateway.ask(.GET, "/api/v1/influencers", token: nil, headers: headers).status == 200)

            let body = #"{"user_id":"alice"}"#
            let refused = try await gateway.ask(.POST, "/auth/token", token: nil, headers: headers, body: body)
            #expect(refused.status == 403)
            #expect(refused.isEnvelope)
            #expect(refused.body.contains("proxy"))

            #expect(try await gateway.ask(.GET, "/metrics", token: nil, headers: headers).status == 403)
            let admin = TestGateway.token("root", role: "admin")
            #expect(try await gateway.ask(.GET, "/metrics", token: admin, headers: headers).status == 200)
            let pull = #"{"model":"ollama/x"}"#
            #expect(try await gateway.ask(.POST, "/api/v1/models/pulls", headers: headers, body: pull).status == 403)
        }
    }

    @Test(arguments: forwarding)
    func `a forwarded request is not local when authentication is off`(name: String, value: String) async throws {
        try await TestGateway.with(["AUTH_MODE": "off"]) { gateway in
            let path = "/api/v1/chat/conversations"
            let answer = try await gateway.ask(.GET, path, token: nil, headers: HTTPHeaders([(name, value)]))
            #expect(answer.status == 401)
            #expect(answer.body.contains("proxy"))
            #expect(try await gateway.ask(.GET, path, token: nil).status == 200)
        }
    }

    @Test func `with ALLOW_INSECURE a forwarded request needs no credential, but sees no metrics`() async throws {
        let settings = ["AUTH_MODE": "open", "ALLOW_INSECURE": "true", "GATEWAY_HOST": "0.0.0.0"]
        try await TestGateway.with(settings) { gateway in
            let headers: HTTPHeaders = ["x-forwarded-for": "192.0.2.1"]
            let models = try await gateway.ask(.GET, "/v1/models", token: nil, headers: headers)
            #expect(models.status == 200)
            #expect(try await gateway.ask(.GET, "/metrics", token: nil, headers: headers).status == 403)
            #expect(try await gateway.ask(.GET, "/metrics", token: nil).status == 200)
        }
    }

    @Test(arguments: ["x-request-id", "x-api-version", "x-correlation-id", "x-user", "traceparent", "origin", "cookie"])
    func `other headers do not make a request forwarded`(_ name: String) {
        #expect(!ForwardingHeaders.arePresent(in: [name: "x"]))
    }
}
