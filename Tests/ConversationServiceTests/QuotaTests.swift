import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Quotas are enforced for concurrent calls.
@Suite(.timeLimit(.minutes(5)))
struct QuotaTests {
    private static let settings = ["MAX_CONCURRENT_RUNS": "0"]

    @Test func `with ten requests left, ten of a hundred concurrent turns are answered`() async throws {
        try await Fixture.with(settings: Self.settings) { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 10))
            let (answered, refused) = try await fixture.sendConcurrently(100)
            #expect(answered == 10)
            #expect(refused == 90)
            #expect(fixture.inference.requests.count == 10)
            let status = try await fixture.quotaStatus()
            #expect(status.used.requests == 10)
            #expect(status.reserved.requests == 0)
        }
    }

    @Test func `with ten requests left, ten of a hundred concurrent reservations succeed, fifty times`() async throws {
        try await Fixture.with { fixture in
            for number in 0..<50 {
                let user = "user \(number)"
                try await fixture.setQuota(Quota(period: .month, requests: 10), for: user)
                let ids = try await reserveAtOnce(100, fixture, as: user)
                #expect(ids.count == 10)
                let settle = Quotas.Settle(
                    settlements: ids.map { Quotas.Settlement(reservation: $0, model: "a/b", usage: usage(100, 20)) }
                )
                // A repeated settlement has no effect.
                for _ in 0..<2 { _ = try await fixture.bus.call(settle, CallContext()) }
                let status = try await fixture.quotaStatus(of: user)
                #expect(status.used.requests == 10)
                #expect(status.used.promptTokens == 1000)
                #expect(status.used.completionTokens == 200)
                #expect(status.reserved == Usage.Total())
                try await fixture.expectFault(
                    Quotas.Reserve(model: nil, promptTokens: 1),
                    fixture.context(user),
                    .quotaExceeded
                )
            }
        }
    }

    @Test func `repeating a reservation with its id reserves nothing more`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 10))
            let id = Quotas.Reservation.ID()
            let reserve = Quotas.Reserve(model: nil, promptTokens: 1, reservation: id)
            for _ in 0..<20 {
                let reserved = try await fixture.bus.call(reserve, fixture.context())
                #expect(reserved.reservation == id)
            }
            #expect(try await fixture.quotaStatus().reserved.requests == 1)
        }
    }

    @Test func `concurrent reservations never exceed the token quota`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, tokens: 1000))
            // Each call may use 30 + 70 tokens.
            let ids = try await reserveAtOnce(100, fixture, prompt: 30, maxTokens: 70)
            #expect(ids.count == 10)
            var status = try await fixture.quotaStatus()
            #expect(status.reserved.tokens == 1000)
            // The actual usage is lower, so tokens become available; one call never reached a model.
            var settlements = ids.map { Quotas.Settlement(reservation: $0, model: "a/b", usage: usage(30, 20)) }
            settlements[0].usage = nil
            _ = try await fixture.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            status = try await fixture.quotaStatus()
            #expect(status.used.tokens == 450)
            #expect(status.used.requests == 9)
            #expect(try await reserveAtOnce(100, fixture, prompt: 30, maxTokens: 70).count == 5)
        }
    }

    @Test func `concurrent reservations never exceed the cost quota`() async throws {
        try await Fixture.with { fixture in
            // A prompt token costs 2 millionths, an answer token 10.
            fixture.inference.setPrice(Model.Price(prompt: 2, completion: 10), usage: nil)
            try await fixture.setQuota(Quota(period: .month, cost: 5000))
            let ids = try await reserveAtOnce(100, fixture, prompt: 100, maxTokens: 100)
            #expect(ids.count == 4)
            let settlements = ids.map { id in
                Quotas.Settlement(reservation: id, model: "a/b", usage: usage(100, 10, cost: 300))
            }
            _ = try await fixture.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            #expect(try await fixture.quotaStatus().used.cost == 1200)
            #expect(try await reserveAtOnce(100, fixture, prompt: 100, maxTokens: 100).count == 3)
        }
    }

    @Test func `concurrent calls are counted, and a finished call frees its place`() async throws {
        try await Fixture.with(settings: Self.settings) { fixture in
            try await fixture.setQuota(Quota(period: .day, concurrentRuns: 3))
            for _ in 0..<5 {
                let ids = try await reserveAtOnce(100, fixture)
                #expect(ids.count == 3)
                let fault = await refusal(fixture)
                #expect(fault?.code == .quotaExceeded)
                #expect(fault?.retryAfter == 1)
                let settlements = ids.map { Quotas.Settlement(reservation: $0, model: "", usage: nil) }
                _ = try await fixture.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            }
            fixture.inference.play([.text("a"), .hang])
            let conversation = try await fixture.open()
            var streams: [ElementStream<Run.Event>] = []
            for _ in 0..<3 {
                let other = try await fixture.open(another: true)
                streams.append(try await fixture.start("Hello", in: other))
            }
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await fixture.expectFault(Runs.Complete(start), fixture.context(), .quotaExceeded)
            for stream in streams { stream.close() }
        }
    }

    @Test func `the quota of a key applies in addition to its user's and ends with the key`() async throws {
        try await Fixture.with { fixture in
            let key = try await fixture.bus.call(Keys.Create(name: "a"), fixture.context()).key
            let subject = Quota.Subject.key(key.id)
            _ = try await fixture.bus.call(
                Quotas.Set(subject: subject, quota: Quota(period: .day, requests: 2)),
                Fixture.admin
            )
            try await fixture.setQuota(Quota(period: .day, requests: 3))
            #expect(try await reserveAtOnce(20, fixture, key: key.id).count == 2)
            #expect(try await reserveAtOnce(20, fixture).count == 1)
            let status = try await fixture.bus.call(Quotas.Find(subject: subject), fixture.context())
            #expect(status.reserved.requests == 2)
            _ = try await fixture.bus.call(Keys.Revoke(key: key.id), fixture.context())
            try await fixture.expectFault(Quotas.Find(subject: subject), Fixture.admin, .missing)
            try await fixture.expectFault(
                Quotas.Set(subject: subject, quota: Quota(period: .day)),
                Fixture.admin,
                .missing
            )
        }
    }

    @Test func `a quota fault names the quota, the amounts and the time of the reset`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, requests: 0))
            let fault = try #require(await refusal(fixture))
            #expect(fault.message.hasPrefix("The quota of 0 requests per day for the user alice is exhausted"))
            let next = Quota.Period.day.end(of: Day(.now()))
            #expect(
                fault.message.contains("It resets on \(next) at 00:00 UTC.") || fault.message.contains("on 20")
            )
            #expect((1...86_400).contains(fault.retryAfter ?? 0))
            let conversation = try await fixture.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"), key: "k")
            try await fixture.expectFault(Runs.Complete(start), fixture.context(), .quotaExceeded)
            #expect(try await fixture.messages(of: conversation).count == 1)
            // A rejected request does not use up its idempotency key.
            try await fixture.setQuota(Quota(period: .day))
            #expect(try await fixture.bus.call(Runs.Complete(start), fixture.context()).end.status == .completed)
        }
    }

    @Test func `only admins set quotas, and users see their own`() async throws {
        try await Fixture.with { fixture in
            let quota = Quota(period: .day, requests: 5, tokens: 6, cost: 7, concurrentRuns: 8)
            try await fixture.expectFault(
                Quotas.Set(subject: .user("alice"), quota: quota),
                fixture.context(),
                .forbidden
            )
            try await fixture.setQuota(quota)
            #expect(try await fixture.quotaStatus().quota == quota)
            try await fixture.expectFault(Quotas.Find(subject: .user("alice")), fixture.context("bob"), .forbidden)
            #expect(try await fixture.quotaStatus(of: "bob").quota == nil)
            let wrong = [Quota(period: .day, requests: -1), Quota(period: .day, tokens: .max)]
            for quota in wrong {
                try await fixture.expectFault(Quotas.Set(subject: .user("a"), quota: quota), Fixture.admin, .invalid)
            }
            try await fixture.setQuota(Quota(period: .day))
            #expect(try await fixture.quotaStatus().quota == nil)
            let none = try await fixture.bus.call(Quotas.Reserve(model: nil, promptTokens: 1), fixture.context())
            #expect(none.reservation == nil)
        }
    }

    private func usage(_ prompt: Int, _ completion: Int, cost: Int? = nil) -> Usage {
        Usage(promptTokens: prompt, completionTokens: completion, isEstimated: false, cost: cost)
    }

    private func refusal(_ fixture: Fixture) async -> Fault? {
        do {
            _ = try await fixture.bus.call(Quotas.Reserve(model: nil, promptTokens: 1), fixture.context())
            return nil
        } catch {
            return error as? Fault
        }
    }

    private func reserveAtOnce(
        _ count: Int,
        _ fixture: Fixture,
        as user: String = "alice",
        key: APIKey.ID? = nil,
        prompt: Int = 10,
        maxTokens: Int? = nil
    ) async throws -> [Quotas.Reservation.ID] {
        let context = CallContext(principal: Principal(user: user, key: key))
        let reserve = Quotas.Reserve(model: nil, promptTokens: prompt, maxTokens: maxTokens)
        return try await withThrowingTaskGroup(of: Quotas.Reservation.ID?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do {
                        return try await fixture.bus.call(reserve, context).reservation
                    } catch let fault as Fault where fault.code == .quotaExceeded {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { ids, id in ids += id.map { [$0] } ?? [] }
        }
    }
}
