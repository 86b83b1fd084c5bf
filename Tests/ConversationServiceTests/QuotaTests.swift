import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Quotas hold, whoever comes at once.
@Suite(.timeLimit(.minutes(3)))
struct QuotaTests {
    private static let settings = ["MAX_CONCURRENT_RUNS": "0"]

    @Test func `of a hundred turns at once ten are answered, when ten are left`() async throws {
        try await Stage.with(settings: Self.settings) { stage in
            try await stage.limit(Quota(period: .day, requests: 10))
            let (answered, refused) = try await stage.sayAtOnce(100)
            #expect(answered == 10)
            #expect(refused == 90)
            #expect(stage.inference.requests.count == 10)
            let standing = try await stage.standing()
            #expect(standing.used.requests == 10)
            #expect(standing.reserved.requests == 0)
        }
    }

    @Test func `of a hundred reservations at once ten are made, fifty times over`() async throws {
        try await Stage.with { stage in
            for number in 0..<50 {
                let user = "user \(number)"
                try await stage.limit(Quota(period: .month, requests: 10), for: user)
                let ids = try await reserveAtOnce(100, stage, as: user)
                #expect(ids.count == 10)
                let settle = Quotas.Settle(
                    settlements: ids.map { Quotas.Settlement(reservation: $0, model: "a/b", usage: usage(100, 20)) }
                )
                // A repeat, as after an answer that got lost, does nothing.
                for _ in 0..<2 { _ = try await stage.bus.call(settle, CallContext()) }
                let standing = try await stage.standing(of: user)
                #expect(standing.used.requests == 10)
                #expect(standing.used.promptTokens == 1000)
                #expect(standing.used.completionTokens == 200)
                #expect(standing.reserved == Usage.Total())
                try await stage.refuses(
                    Quotas.Reserve(model: nil, promptTokens: 1),
                    stage.context(user),
                    .quotaExceeded
                )
            }
        }
    }

    @Test func `a repeat under the name of a reservation reserves nothing more`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, requests: 10))
            let id = Quotas.Reservation.ID()
            let reserve = Quotas.Reserve(model: nil, promptTokens: 1, reservation: id)
            for _ in 0..<20 {
                let reserved = try await stage.bus.call(reserve, stage.context())
                #expect(reserved.reservation == id)
            }
            #expect(try await stage.standing().reserved.requests == 1)
        }
    }

    @Test func `tokens that are reserved at once are never more than there are`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, tokens: 1000))
            // Each may take 30 + 70 tokens.
            let ids = try await reserveAtOnce(100, stage, prompt: 30, maxTokens: 70)
            #expect(ids.count == 10)
            var standing = try await stage.standing()
            #expect(standing.reserved.tokens == 1000)
            // They took less, so there is room again; one never reached a model.
            var settlements = ids.map { Quotas.Settlement(reservation: $0, model: "a/b", usage: usage(30, 20)) }
            settlements[0].usage = nil
            _ = try await stage.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            standing = try await stage.standing()
            #expect(standing.used.tokens == 450)
            #expect(standing.used.requests == 9)
            #expect(try await reserveAtOnce(100, stage, prompt: 30, maxTokens: 70).count == 5)
        }
    }

    @Test func `money that is reserved at once is never more than there is`() async throws {
        try await Stage.with { stage in
            // A prompt's token is 2 millionths, an answer's 10.
            stage.inference.charge(Model.Price(prompt: 2, completion: 10), usage: nil)
            try await stage.limit(Quota(period: .month, cost: 5000))
            let ids = try await reserveAtOnce(100, stage, prompt: 100, maxTokens: 100)
            #expect(ids.count == 4)
            let settlements = ids.map { id in
                Quotas.Settlement(reservation: id, model: "a/b", usage: usage(100, 10, cost: 300))
            }
            _ = try await stage.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            #expect(try await stage.standing().used.cost == 1200)
            #expect(try await reserveAtOnce(100, stage, prompt: 100, maxTokens: 100).count == 3)
        }
    }

    @Test func `answers at once are counted, and a place is free again when one is over`() async throws {
        try await Stage.with(settings: Self.settings) { stage in
            try await stage.limit(Quota(period: .day, concurrentRuns: 3))
            for _ in 0..<5 {
                let ids = try await reserveAtOnce(100, stage)
                #expect(ids.count == 3)
                let fault = await refusal(stage)
                #expect(fault?.code == .quotaExceeded)
                #expect(fault?.retryAfter == 1)
                let settlements = ids.map { Quotas.Settlement(reservation: $0, model: "", usage: nil) }
                _ = try await stage.bus.call(Quotas.Settle(settlements: settlements), CallContext())
            }
            stage.inference.play([.text("a"), .hang])
            let conversation = try await stage.open()
            var streams: [ElementStream<Run.Event>] = []
            for _ in 0..<3 {
                let other = try await stage.open(another: true)
                streams.append(try await stage.start("Hello", in: other))
            }
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await stage.refuses(Runs.Complete(start), stage.context(), .quotaExceeded)
            for stream in streams { stream.close() }
        }
    }

    @Test func `a key's quota holds beside its user's, and ends with the key`() async throws {
        try await Stage.with { stage in
            let key = try await stage.bus.call(Keys.Create(name: "a"), stage.context()).key
            let subject = Quota.Subject.key(key.id)
            _ = try await stage.bus.call(
                Quotas.Set(subject: subject, quota: Quota(period: .day, requests: 2)),
                Stage.admin
            )
            try await stage.limit(Quota(period: .day, requests: 3))
            #expect(try await reserveAtOnce(20, stage, key: key.id).count == 2)
            #expect(try await reserveAtOnce(20, stage).count == 1)
            let standing = try await stage.bus.call(Quotas.Find(subject: subject), stage.context())
            #expect(standing.reserved.requests == 2)
            _ = try await stage.bus.call(Keys.Revoke(key: key.id), stage.context())
            try await stage.refuses(Quotas.Find(subject: subject), Stage.admin, .missing)
            try await stage.refuses(Quotas.Set(subject: subject, quota: Quota(period: .day)), Stage.admin, .missing)
        }
    }

    @Test func `a refusal says which quota, how much, and when it begins anew`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, requests: 0))
            let fault = try #require(await refusal(stage))
            #expect(fault.message.hasPrefix("The quota of 0 requests a day for the user alice has no room left"))
            let next = Quota.Period.day.end(of: Day(.now()))
            #expect(
                fault.message.contains("It begins anew on \(next) at 00:00 UTC.") || fault.message.contains("on 20")
            )
            #expect((1...86_400).contains(fault.retryAfter ?? 0))
            let conversation = try await stage.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"), key: "k")
            try await stage.refuses(Runs.Complete(start), stage.context(), .quotaExceeded)
            #expect(try await stage.messages(of: conversation).count == 1)
            // The key of a refused request stands for nothing.
            try await stage.limit(Quota(period: .day))
            #expect(try await stage.bus.call(Runs.Complete(start), stage.context()).end.status == .completed)
        }
    }

    @Test func `only admins set quotas, and users see their own`() async throws {
        try await Stage.with { stage in
            let quota = Quota(period: .day, requests: 5, tokens: 6, cost: 7, concurrentRuns: 8)
            try await stage.refuses(Quotas.Set(subject: .user("alice"), quota: quota), stage.context(), .forbidden)
            try await stage.limit(quota)
            #expect(try await stage.standing().quota == quota)
            try await stage.refuses(Quotas.Find(subject: .user("alice")), stage.context("bob"), .forbidden)
            #expect(try await stage.standing(of: "bob").quota == nil)
            let wrong = [Quota(period: .day, requests: -1), Quota(period: .day, tokens: .max)]
            for quota in wrong {
                try await stage.refuses(Quotas.Set(subject: .user("a"), quota: quota), Stage.admin, .invalid)
            }
            try await stage.limit(Quota(period: .day))
            #expect(try await stage.standing().quota == nil)
            let none = try await stage.bus.call(Quotas.Reserve(model: nil, promptTokens: 1), stage.context())
            #expect(none.reservation == nil)
        }
    }

    private func usage(_ prompt: Int, _ completion: Int, cost: Int? = nil) -> Usage {
        Usage(promptTokens: prompt, completionTokens: completion, isEstimated: false, cost: cost)
    }

    private func refusal(_ stage: Stage) async -> Fault? {
        do {
            _ = try await stage.bus.call(Quotas.Reserve(model: nil, promptTokens: 1), stage.context())
            return nil
        } catch {
            return error as? Fault
        }
    }

    private func reserveAtOnce(
        _ count: Int,
        _ stage: Stage,
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
                        return try await stage.bus.call(reserve, context).reservation
                    } catch let fault as Fault where fault.code == .quotaExceeded {
                        return nil
                    }
                }
            }
            return try await group.reduce(into: []) { ids, id in ids += id.map { [$0] } ?? [] }
        }
    }
}
