import Bus
import NIOHTTP1
import Testing

/// The headers of every response.
@Suite(.timeLimit(.minutes(5)))
struct HeaderTests {
    @Test func `valid request and correlation ids are kept`() async throws {
        try await TestGateway.with { gateway in
            let both: HTTPHeaders = ["x-request-id": "req-1.A_b", "x-correlation-id": "flow-2"]
            let answer = try await gateway.ask(.GET, "/api/v1/influencers", headers: both)
            #expect(answer.headers[canonicalForm: "x-request-id"] == ["req-1.A_b"])
            #expect(answer.headers[canonicalForm: "x-correlation-id"] == ["flow-2"])
            #expect(gateway.services.contexts.last?.requestID == "req-1.A_b")
            let one = try await gateway.ask(.GET, "/x", headers: ["x-correlation-id": "flow-3"])
            #expect(one.headers.first(name: "x-correlation-id") == "flow-3")
            #expect(one.headers.first(name: "x-request-id") == "flow-3")
        }
    }

    @Test(arguments: [
        "a b", "a;b", "<script>", "a\tb", "é", "", String(repeating: "a", count: 129), "a\"b", "a{b}", "../x",
    ])
    func `an invalid request id is replaced`(_ name: String) async throws {
        try await TestGateway.with { gateway in
            let headers: HTTPHeaders = ["x-request-id": name, "x-correlation-id": name]
            let answer = try await gateway.ask(.GET, "/api/v1/influencers", headers: headers)
            #expect(answer.status == 200)
            for header in ["x-request-id", "x-correlation-id"] {
                let given = answer.headers.first(name: header) ?? ""
                #expect(given.wholeMatch(of: /[A-Za-z0-9._-]{1,128}/) != nil)
                #expect(given != name)
            }
        }
    }

    @Test func `a valid traceparent is forwarded, and an invalid one is replaced`() async throws {
        try await TestGateway.with { gateway in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            _ = try await gateway.ask(.GET, "/api/v1/influencers", headers: ["traceparent": trace])
            #expect(gateway.services.contexts.last?.traceparent == trace)
            for wrong in ["x", "", "00-0-0-01", "00-\(String(repeating: "g", count: 32))-b7ad6b7169203331-01"] {
                _ = try await gateway.ask(.GET, "/api/v1/influencers", headers: ["traceparent": wrong])
                let made = gateway.services.contexts.last?.traceparent ?? ""
                #expect(made.wholeMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/) != nil, "\(wrong)")
            }
        }
    }

    @Test(arguments: ["/api/v1/influencers", "/api/v1/chat/conversations", "/status"])
    func `a response has the header Server-Timing`(_ path: String) async throws {
        try await TestGateway.with { gateway in
            let timing = try await gateway.ask(.GET, path).headers[canonicalForm: "server-timing"].joined(
                separator: ", "
            )
            let parts = timing.split(separator: ", ").map { $0.split(separator: ";dur=") }
            #expect(parts.map { $0.first ?? "" } == ["auth", "queue", "upstream", "total"], "\(timing)")
            #expect(parts.allSatisfy { ($0.last.flatMap { Double($0) } ?? -1) >= 0 }, "\(timing)")
        }
    }

    @Test func `metrics are served to loopback clients`() async throws {
        try await TestGateway.with { gateway in
            let answer = try await gateway.ask(.GET, "/metrics", token: nil)
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "content-type")?.hasPrefix("text/plain") == true)
        }
    }
}
