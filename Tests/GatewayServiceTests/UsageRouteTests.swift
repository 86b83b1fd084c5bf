import Contracts
import NIOHTTP1
import Testing

@testable import GatewayService

/// `/api/v1/usage` and `/api/v1/quotas/{principal}`.
@Suite(.timeLimit(.minutes(5)))
struct UsageRouteTests {
    @Test func `usage is grouped by day and model by default`() async throws {
        try await TestGateway.with { gateway in
            let path = "/api/v1/usage?from=2025-11-01&to=2025-11-30"
            let answer = try await gateway.ask(.GET, path + "&group_by=key,day")
            let total = """
                "requests":2,"prompt_tokens":24,"completion_tokens":6,"total_tokens":30,"estimated_tokens":15,\
                "cost":1.25,"unpriced_requests":1
                """
            #expect(
                answer.body == """
                    {"from":"2025-11-01","to":"2025-11-30","group_by":["key","day"],"usage":[\
                    {"key_id":"\(Sample.key.id)","key_name":"laptop","day":"2025-11-25",\(total)}],"total":{\(total)}}
                    """
            )
            _ = try await gateway.ask(.GET, "/api/v1/usage?user=bob")
            let report = try #require(gateway.services.reports.last)
            #expect(report.user == "bob")
            #expect(report.groups == [.day, .model])
            #expect(report.to.number - report.from.number == 29)
            let wrong = [
                "from=2025-02-30", "to=yesterday", "group_by=hour", "group_by=day;model", "from=1&from=2",
                "all=perhaps",
            ]
            for query in wrong {
                let status = try await gateway.ask(.GET, "/api/v1/usage?\(query)").status
                #expect(status == 400, "\(query)")
            }
        }
    }

    @Test func `a quota is set and returned`() async throws {
        try await TestGateway.with { gateway in
            let body = #"{"period":"month","requests":10,"tokens":1000,"cost":2.5,"concurrent_runs":2}"#
            let set = try await gateway.ask(.PUT, "/api/v1/quotas/alice", body: body)
            #expect(
                set.body == """
                    {"principal":"alice","period":"month","requests":{"limit":10,"used":1,"reserved":1},\
                    "tokens":{"limit":1000,"used":15,"reserved":15},"cost":{"limit":2.5,"used":0.0,"reserved":0.0,\
                    "unpriced_requests":1},\
                    "concurrent_runs":{"limit":2,"used":1},"resets_at":"2025-11-25T07:03:25.123456Z"}
                    """
            )
            let names = [
                ("Zo%C3%AB", "Zoë"), ("user:key:1", "key:1"), ("key:1", "key:1"), ("a%20b", "a b"),
                ("key:\(Sample.key.id)", "key:\(Sample.key.id)"),
            ]
            for (path, name) in names {
                let answer = try await gateway.ask(.GET, "/api/v1/quotas/\(path)")
                #expect(answer.body.hasPrefix("{\"principal\":\"\(name)\",\"period\":null,"), "\(path): \(answer.body)")
            }
            let wrong = [
                #"{"period":"week"}"#, #"{"cost":-1}"#, #"{"cost":1e300}"#, #"{"requests":1.5}"#, #"{"cost":"5"}"#, "5",
            ]
            for body in wrong {
                let status = try await gateway.ask(.PUT, "/api/v1/quotas/alice", body: body).status
                #expect(status == 400, "\(body)")
            }
        }
    }

    @Test func `an exceeded quota is a 429`() async throws {
        try await TestGateway.with { gateway in
            gateway.services.fail(Fault(.quotaExceeded, "The quota has no room left.", retryAfter: 7))
            let answer = try await gateway.ask(.POST, "\(Sample.path)/messages", body: #"{"content":"x"}"#)
            #expect(answer.status == 429)
            #expect(answer.headers.first(name: "retry-after") == "7")
            #expect(
                answer.body == """
                    {"error":"quota_exceeded","message":"The quota has no room left.","details":{"retry_after":7}}
                    """
            )
        }
    }
}
