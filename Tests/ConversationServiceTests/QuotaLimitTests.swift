import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// Token and cost quotas limit the length of an answer.
@Suite(.timeLimit(.minutes(5)))
struct QuotaLimitTests {
    @Test func `a reservation returns an answer limit, also when it is repeated`() async throws {
        try await Fixture.with { fixture in
            try await fixture.setQuota(Quota(period: .day, tokens: 2000))
            let id = Quotas.Reservation.ID()
            let reserve = Quotas.Reserve(model: nil, promptTokens: 500, reservation: id)
            for _ in 0..<2 {
                #expect(
                    try await fixture.bus.call(reserve, fixture.context())
                        == Quotas.Reserved(reservation: id, answerLimit: 1024)
                )
            }
            #expect(try await fixture.quotaStatus().reserved.tokens == 1524)
            try await fixture.expectFault(
                Quotas.Reserve(model: nil, promptTokens: 1),
                fixture.context(),
                .quotaExceeded
            )
            try await fixture.setQuota(Quota(period: .day, requests: 10), for: "bob")
            let free = try await fixture.bus.call(Quotas.Reserve(model: nil, promptTokens: 500), fixture.context("bob"))
            #expect(free.answerLimit == nil)
        }
    }

    @Test func `the answer limit is sent to the model`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            _ = try await fixture.send("Hello", in: conversation)
            try await fixture.setQuota(Quota(period: .day, tokens: 3000))
            _ = try await fixture.send("Hello", in: conversation)
            try await fixture.setQuota(Quota(period: .day, requests: 100))
            _ = try await fixture.send("Hello", in: conversation)
            #expect(fixture.inference.requests.map(\.options.maxTokens) == [nil, 1024, nil])
        }
    }

    @Test func `a queued turn keeps its answer limit across a restart`() async throws {
        try await withTemporaryDirectory { directory in
            try await Fixture.with(directory) { fixture in
                let conversation = try await fixture.open()
                fixture.inference.play([.text("Well"), .hang])
                let first = try await fixture.start("First", in: conversation)
                _ = try await first.nextBatch()
                try await fixture.setQuota(Quota(period: .day, tokens: 3000))
                let second = try await fixture.start("Second", in: conversation)
                _ = try await second.nextBatch()
            }
            try await waitForRelease(directory)
            try await Fixture.with(directory) { fixture in
                try await eventually("The second question") { fixture.inference.requests.count == 1 }
                #expect(fixture.inference.requests.map(\.options.maxTokens) == [1024])
            }
        }
    }

    @Test func `with a cost quota, a model without a price is rejected and nothing is stored`() async throws {
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await fixture.setQuota(Quota(period: .month, cost: 1_000_000))
            try await fixture.expectFault(Quotas.Reserve(model: "a/b", promptTokens: 1), fixture.context(), .forbidden)
            try await fixture.expectFault(Runs.Complete(start), fixture.context(), .forbidden)
            #expect(try await fixture.messages(of: conversation).count == 1)
            #expect(try await fixture.quotaStatus().reserved == Usage.Total())
        }
        // In a new process, because the cached model has no price.
        try await Fixture.with { fixture in
            let conversation = try await fixture.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await fixture.setQuota(Quota(period: .month, cost: 1_000_000))
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 1), usage: nil)
            #expect(try await fixture.bus.call(Runs.Complete(start), fixture.context()).end.status == .completed)
            #expect(try await fixture.quotaStatus().used.cost ?? 0 > 0)
        }
    }

    @Test func `a fallback model without a price is charged the reserved cost`() async throws {
        try await Fixture.with { fixture in
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 1), usage: nil)
            fixture.inference.removePrice(of: "another/model")
            try await fixture.setQuota(Quota(period: .month, cost: 1_000_000))
            let usage = Usage(promptTokens: 10, completionTokens: 2, isEstimated: false)
            let finish = Inference.Finish(reason: .stop, model: "another/model", usage: usage)
            fixture.inference.play([.text("Well."), .event(Inference.Event(finish: finish))])
            _ = try await fixture.send("Hello", in: try await fixture.open())
            let used = try await fixture.quotaStatus().used
            #expect(used.cost ?? 0 > 1000)
            #expect(used.unpricedRequests == 0)
            let reserve = Quotas.Reserve(model: nil, promptTokens: 30, maxTokens: 70)
            let id = try #require(try await fixture.bus.call(reserve, fixture.context()).reservation)
            let settlement = Quotas.Settlement(reservation: id, model: "another/model", usage: usage)
            _ = try await fixture.bus.call(Quotas.Settle(settlements: [settlement]), CallContext())
            #expect(try await fixture.quotaStatus().used.cost == (used.cost ?? 0) + 100)
        }
    }

    @Test func `a settlement without a model name is charged at the price of the reserved model`()
        async throws
    {
        try await Fixture.with { fixture in
            fixture.inference.setPrice(Model.Price(prompt: 1, completion: 1), usage: nil)
            try await fixture.setQuota(Quota(period: .month, cost: 1_000_000))
            let reserve = Quotas.Reserve(model: nil, promptTokens: 30)
            let id = try #require(try await fixture.bus.call(reserve, fixture.context()).reservation)
            let usage = Usage(promptTokens: 30, completionTokens: 0, isEstimated: true)
            let settlement = Quotas.Settlement(reservation: id, model: "", usage: usage)
            _ = try await fixture.bus.call(Quotas.Settle(settlements: [settlement]), CallContext())
            #expect(try await fixture.quotaStatus().used.cost == 30)
        }
    }
}
