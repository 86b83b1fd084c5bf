import Bus
import Contracts
import GRDB
import TestSupport
import Testing

@testable import ConversationService

/// A quota of tokens or of money is not overrun by the answer that begins within it.
@Suite(.timeLimit(.minutes(1)))
struct QuotaLimitTests {
    @Test func `a call is told how long its answer may be, and so is a repeat`() async throws {
        try await Stage.with { stage in
            try await stage.limit(Quota(period: .day, tokens: 2000))
            let id = Quotas.Reservation.ID()
            let reserve = Quotas.Reserve(model: nil, promptTokens: 500, reservation: id)
            for _ in 0..<2 {
                #expect(
                    try await stage.bus.call(reserve, stage.context())
                        == Quotas.Reserved(reservation: id, answerLimit: 1024)
                )
            }
            #expect(try await stage.standing().reserved.tokens == 1524)
            try await stage.refuses(Quotas.Reserve(model: nil, promptTokens: 1), stage.context(), .quotaExceeded)
            try await stage.limit(Quota(period: .day, requests: 10), for: "bob")
            let free = try await stage.bus.call(Quotas.Reserve(model: nil, promptTokens: 500), stage.context("bob"))
            #expect(free.answerLimit == nil)
        }
    }

    @Test func `a turn's model is told how long the answer may be`() async throws {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            _ = try await stage.say("Hello", in: conversation)
            try await stage.limit(Quota(period: .day, tokens: 3000))
            _ = try await stage.say("Hello", in: conversation)
            try await stage.limit(Quota(period: .day, requests: 100))
            _ = try await stage.say("Hello", in: conversation)
            #expect(stage.inference.requests.map(\.options.maxTokens) == [nil, 1024, nil])
        }
    }

    @Test func `a turn that waited over a restart keeps its limit`() async throws {
        try await withTemporaryDirectory { directory in
            try await Stage.with(directory) { stage in
                let conversation = try await stage.open()
                stage.inference.play([.text("Well"), .hang])
                let first = try await stage.start("First", in: conversation)
                _ = try await first.nextBatch()
                try await stage.limit(Quota(period: .day, tokens: 3000))
                let second = try await stage.start("Second", in: conversation)
                _ = try await second.nextBatch()
            }
            try await untilReleased(directory)
            try await Stage.with(directory) { stage in
                try await eventually("The second question") { stage.inference.requests.count == 1 }
                #expect(stage.inference.requests.map(\.options.maxTokens) == [1024])
            }
        }
    }

    @Test func `a model without a price is refused where a quota of money applies, and nothing is stored`() async throws
    {
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await stage.limit(Quota(period: .month, cost: 1_000_000))
            try await stage.refuses(Quotas.Reserve(model: "a/b", promptTokens: 1), stage.context(), .forbidden)
            try await stage.refuses(Runs.Complete(start), stage.context(), .forbidden)
            #expect(try await stage.messages(of: conversation).count == 1)
            #expect(try await stage.standing().reserved == Usage.Total())
        }
        // What was known of the model without a price is not asked for again at once.
        try await Stage.with { stage in
            let conversation = try await stage.open()
            let start = Runs.Start(conversation: conversation.id, content: Message.Content(text: "Hello"))
            try await stage.limit(Quota(period: .month, cost: 1_000_000))
            stage.inference.charge(Model.Price(prompt: 1, completion: 1), usage: nil)
            #expect(try await stage.bus.call(Runs.Complete(start), stage.context()).end.status == .completed)
            #expect(try await stage.standing().used.cost ?? 0 > 0)
        }
    }

    @Test func `a fallback without a price counts as what was reserved`() async throws {
        try await Stage.with { stage in
            stage.inference.charge(Model.Price(prompt: 1, completion: 1), usage: nil)
            try await stage.limit(Quota(period: .month, cost: 1_000_000))
            let usage = Usage(promptTokens: 10, completionTokens: 2, isEstimated: false)
            let finish = Inference.Finish(reason: .stop, model: "another/model", usage: usage)
            stage.inference.play([.text("Well."), .event(Inference.Event(finish: finish))])
            _ = try await stage.say("Hello", in: try await stage.open())
            let used = try await stage.standing().used
            #expect(used.cost ?? 0 > 1000)
            #expect(used.unpricedRequests == 0)
            let reserve = Quotas.Reserve(model: nil, promptTokens: 30, maxTokens: 70)
            let id = try #require(try await stage.bus.call(reserve, stage.context()).reservation)
            stage.inference.charge(nil, usage: nil)
            let settlement = Quotas.Settlement(reservation: id, model: "another/model", usage: usage)
            _ = try await stage.bus.call(Quotas.Settle(settlements: [settlement]), CallContext())
            #expect(try await stage.standing().used.cost == (used.cost ?? 0) + 100)
        }
    }

    @Test func `who left before a model was named pays what came, at the price of the model that was asked`()
        async throws
    {
        try await Stage.with { stage in
            stage.inference.charge(Model.Price(prompt: 1, completion: 1), usage: nil)
            try await stage.limit(Quota(period: .month, cost: 1_000_000))
            let reserve = Quotas.Reserve(model: nil, promptTokens: 30)
            let id = try #require(try await stage.bus.call(reserve, stage.context()).reservation)
            let usage = Usage(promptTokens: 30, completionTokens: 0, isEstimated: true)
            let settlement = Quotas.Settlement(reservation: id, model: "", usage: usage)
            _ = try await stage.bus.call(Quotas.Settle(settlements: [settlement]), CallContext())
            #expect(try await stage.standing().used.cost == 30)
        }
    }
}
