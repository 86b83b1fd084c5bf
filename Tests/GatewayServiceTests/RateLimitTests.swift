import Foundation
import NIOHTTP1
import Testing

@testable import GatewayService

@Suite(.timeLimit(.minutes(5)))
struct RateLimitTests {
    private let start = ContinuousClock.now

    @Test func `an exceeded rate limit is a 429 with Retry-After`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "3", "RATE_LIMIT_PER_HOUR": "100"]) { gateway in
            for left in [2, 1, 0] {
                let answer = try await gateway.ask(.GET, "/api/v1/chat/conversations")
                #expect(answer.status == 200)
                #expect(answer.headers.first(name: "x-ratelimit-limit-minute") == "3")
                #expect(answer.headers.first(name: "x-ratelimit-remaining-minute") == "\(left)")
                #expect(answer.headers.first(name: "x-ratelimit-limit-hour") == "100")
                #expect(answer.headers.first(name: "x-ratelimit-remaining-hour") == "\(97 + left)")
            }
            let answer = try await gateway.ask(.GET, "/api/v1/chat/conversations")
            #expect(answer.status == 429)
            #expect(answer.isEnvelope)
            #expect(try answer.json["error"] as? String == "rate_limit_exceeded")
            let details = try #require(try answer.json["details"] as? [String: Any])
            #expect(details["limit_type"] as? String == "per_minute")
            #expect(details["limit"] as? Int == 3)
            let wait = try #require(details["retry_after"] as? Int)
            #expect((1...20).contains(wait))
            #expect(answer.headers.first(name: "retry-after") == "\(wait)")
            #expect(answer.headers.first(name: "x-ratelimit-remaining-minute") == "0")
            #expect(gateway.services.requests.count == 3)
        }
    }

    @Test func `each caller has a limit of its own, and health has none`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "1", "RATE_LIMIT_PER_HOUR": "0"]) { gateway in
            let path = "/api/v1/influencers"
            #expect(try await gateway.ask(.GET, path, token: TestGateway.token("alice")).status == 200)
            #expect(try await gateway.ask(.GET, path, token: TestGateway.token("alice")).status == 429)
            #expect(try await gateway.ask(.GET, path, token: TestGateway.token("bob")).status == 200)
            #expect(try await gateway.ask(.GET, path, token: nil).status == 200)
            let again = try await gateway.ask(.GET, path, token: nil, headers: ["x-forwarded-for": "10.0.0.1"])
            #expect(again.status == 429)
            for _ in 0..<5 { #expect(try await gateway.ask(.GET, "/health", token: nil).status == 200) }
        }
    }

    @Test func `invalid credentials are limited by address`() async throws {
        try await TestGateway.with(["RATE_LIMIT_PER_MINUTE": "2", "RATE_LIMIT_PER_HOUR": "0"]) { gateway in
            let path = "/api/v1/chat/conversations"
            for (token, status) in [("a.b.c", 401), ("a.b.d", 401), ("a.b.e", 429), (TestGateway.token(), 200)] {
                let answer = try await gateway.ask(.GET, path, token: token)
                #expect(answer.status == status, "\(token)")
            }
        }
    }

    @Test func `the hourly limit applies in addition to the minute's`() {
        let limiter = RateLimiter(perMinute: 10, perHour: 12)
        for _ in 0..<10 { #expect(limiter.take("a", now: start).isAllowed) }
        #expect(limiter.take("a", now: start).exceeded == "per_minute")
        #expect(limiter.take("a", now: start + .seconds(30)).isAllowed)
        #expect(limiter.take("a", now: start + .seconds(30)).isAllowed)
        let decision = limiter.take("a", now: start + .seconds(30))
        #expect(decision.exceeded == "per_hour")
        #expect(decision.retryAfter == 270)
    }

    @Test func `a bucket refills up to its capacity`() {
        let limiter = RateLimiter(perMinute: 60, perHour: 0)
        for _ in 0..<60 { #expect(limiter.take("a", now: start).isAllowed) }
        #expect(!limiter.take("a", now: start + .milliseconds(900)).isAllowed)
        #expect(limiter.take("a", now: start + .milliseconds(1100)).isAllowed)
        #expect(limiter.take("a", now: start + .seconds(86_400)).remainingMinute == 59)
        #expect(limiter.take("a", now: start).remainingMinute == 58)
    }

    @Test func `without a limit nothing is counted`() {
        let limiter = RateLimiter(perMinute: 0, perHour: 0)
        for _ in 0..<10_000 { #expect(limiter.take("a", now: start).isAllowed) }
    }

    @Test func `the number of tracked callers is bounded`() {
        let limiter = RateLimiter(perMinute: 5, perHour: 5)
        for number in 0..<120_000 {
            #expect(limiter.take("caller \(number)", now: start + .milliseconds(number)).isAllowed)
        }
        #expect(limiter.callerCount <= 50_000)
    }
}
