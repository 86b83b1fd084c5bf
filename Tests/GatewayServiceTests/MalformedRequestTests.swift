import Contracts
import Foundation
import NIOHTTP1
import TestSupport
import Testing

/// Malformed requests are refused in v1's error format, and the gateway answers the next request.
@Suite(.timeLimit(.minutes(5)))
struct MalformedRequestTests {
    @Test(arguments: [Malformed.framing, Malformed.heads, Malformed.paths])
    func `malformed HTTP is refused with an error envelope`(_ requests: [Malformed]) async throws {
        try await TestGateway.with { gateway in
            for request in requests {
                await refused(request, by: gateway)
            }
            let health = try await gateway.ask(.GET, "/health", token: nil)
            #expect(health.status == 200)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(arguments: [MalformedBody.json, MalformedBody.messages])
    func `a body that is not JSON or not a valid message is a 400`(_ bodies: [MalformedBody]) async throws {
        try await TestGateway.with { gateway in
            for body in bodies {
                let head = """
                    POST \(Sample.path)/messages HTTP/1.1\r
                    Host: x\r
                    Authorization: Bearer \(TestGateway.token())\r
                    Content-Type: application/json\r
                    Content-Length: \(body.bytes.count)\r
                    \r\n
                    """
                await refused(
                    Malformed(body.description, bytes: Array(head.utf8) + body.bytes, status: 400),
                    by: gateway
                )
            }
            let health = try await gateway.ask(.GET, "/health", token: nil)
            #expect(health.status == 200)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(arguments: [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application",
        "application/json; charset=utf-16", "application/json; charset=latin1", "text/json", "application/jsonp", "*/*",
        "", "application/json, text/plain",
    ])
    func `a body of another media type is a 415`(_ type: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(
                .POST,
                "\(Sample.path)/messages",
                headers: ["content-type": type],
                body: "{\"content\":\"x\"}"
            )
            #expect(answer.status == 415)
            #expect(answer.isEnvelope)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `an invalid id in a path is a 404`() async throws {
        let ids = [
            "1", "x", "0192f0c1-7b5a-7c3e-9f00-00000000002", "0192f0c1-7b5a-7c3e-9f00-0000000000211",
            "0192f0c1_7b5a_7c3e_9f00_000000000021", "g192f0c1-7b5a-7c3e-9f00-000000000021", "%20", "'%20OR%201=1--",
            "{0192f0c1-7b5a-7c3e-9f00-000000000021}", "urn:uuid:", "0192f0c17b5a7c3e9f0000000000002",
            "0192f0c1-7b5a-7c3e-9f00-0000000002%2Fx", "null", "undefined", String(repeating: "a", count: 4000),
        ]
        try await TestGateway.with { gateway in
            for id in ids {
                for path in [
                    "/api/v1/influencers/\(id)", "/api/v1/chat/conversations/\(id)/messages",
                    "/api/v1/chat/conversations/\(id)/runs/\(Sample.run.id)", "\(Sample.path)/runs/\(id)",
                    "\(Sample.path)/runs/\(id)/events",
                ] {
                    let answer = try await gateway.ask(.GET, path)
                    #expect(answer.status == 404, "\(path)")
                    #expect(answer.isEnvelope, "\(path)")
                }
            }
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `an invalid id in a body or a query is a 400`() async throws {
        try await TestGateway.with { gateway in
            for id in ["", "x", "1", "0192f0c1-7b5a-7c3e-9f00-00000000002g", "a b", "\\u0041"] {
                let answer = try await gateway.ask(
                    .POST,
                    "/api/v1/chat/conversations",
                    body: "{\"influencer_id\":\"\(id)\"}"
                )
                #expect(answer.status == 400, "\(id)")
                #expect(answer.isEnvelope, "\(id)")
            }
            for body in ["{}", "{\"influencer_id\":null}", "{\"influencer_id\":1}", "{\"influencer_id\":[]}"] {
                #expect(try await gateway.ask(.POST, "/api/v1/chat/conversations", body: body).status == 400, "\(body)")
            }
            #expect(try await gateway.ask(.GET, "/api/v1/chat/conversations?influencer_id=x").status == 400)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(arguments: [
        "/api/v1/influencers?limit=0", "/api/v1/influencers?limit=101", "/api/v1/influencers?limit=-1",
        "/api/v1/influencers?limit=x", "/api/v1/influencers?limit=", "/api/v1/influencers?limit",
        "/api/v1/influencers?limit=1.0", "/api/v1/influencers?limit=1e1", "/api/v1/influencers?limit=%2B5",
        "/api/v1/influencers?limit=0x10", "/api/v1/influencers?limit=99999999999999999999",
        "/api/v1/influencers?limit=1&limit=2", "/api/v1/influencers?offset=-1", "/api/v1/influencers?offset=x",
        "/api/v1/influencers?offset=99999999999999999999", "/api/v1/influencers?limit=%00",
        "/api/v1/chat/conversations?limit=0", "/api/v1/chat/conversations?limit=101",
        "/api/v1/chat/conversations?offset=-1", "\(Sample.path)/messages?limit=0", "\(Sample.path)/messages?limit=201",
        "\(Sample.path)/messages?order=up", "\(Sample.path)/messages?order=DESC", "\(Sample.path)/messages?order=",
        "\(Sample.path)/messages?order=asc&order=desc", "\(Sample.path)/messages?offset=-9223372036854775808",
        "\(Sample.path)/runs/\(Sample.run.id)/events?after=-1", "\(Sample.path)/runs/\(Sample.run.id)/events?after=x",
        "\(Sample.path)/runs/\(Sample.run.id)/events?after=9223372036854775807",
    ])
    func `an invalid query parameter is a 400`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, path)
            #expect(answer.status == 400)
            #expect(answer.isEnvelope)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test(arguments: ["x", "-1", "1.5", "+1", "9223372036854775808", "1, 2", "1 2"])
    func `an invalid Last-Event-ID is a 400`(_ last: String) async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(
                .GET,
                "\(Sample.path)/runs/\(Sample.run.id)/events",
                headers: ["last-event-id": last]
            )
            #expect(answer.status == 400)
            #expect(answer.isEnvelope)
            #expect(gateway.services.requests.isEmpty)
        }
    }

    @Test func `an unknown path is a 404, and a wrong method is a 405 with Allow`() async throws {
        try await TestGateway.with { gateway in
            for path in [
                "/x", "/api", "/api/v1", "/api/v1/chat", "/api/v2/influencers", "\(Sample.path)/runs", "/.env",
            ] {
                let answer = try await gateway.ask(.GET, path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.isEnvelope, "\(path)")
            }
            let wrong: [(HTTPMethod, String, String)] = [
                (.POST, "/health", "GET, HEAD"), (.DELETE, "/api/v1/influencers", "GET, HEAD, POST"),
                (.PUT, Sample.path, "DELETE"),
                (.PATCH, "\(Sample.path)/messages", "GET, HEAD, POST"), (.GET, "/auth/token", "POST"),
                (.GET, "\(Sample.path)/runs/\(Sample.run.id)/cancel", "POST"),
            ]
            for (method, path, allowed) in wrong {
                let answer = try await gateway.ask(method, path)
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.headers.first(name: "allow") == allowed, "\(method) \(path)")
                #expect(answer.isEnvelope, "\(method) \(path)")
            }
        }
    }

    private func refused(_ request: Malformed, by gateway: TestGateway) async {
        do {
            let answer = try await gateway.raw(request.bytes)
            let isRefusal = (400..<500).contains(answer.status) || [501, 505].contains(answer.status)
            #expect(isRefusal, "\(request): \(answer.status)")
            if let status = request.status { #expect(answer.status == status, "\(request)") }
            #expect(answer.isEnvelope, "\(request): \(answer.body.prefix(200))")
        } catch {
            Issue.record("\(request): \(error)")
        }
    }
}
