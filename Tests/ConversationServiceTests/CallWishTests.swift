import Contracts
import Testing

@testable import ConversationService

/// What is reserved for a call, and how long its answer may be.
struct CallWishTests {
    private static func model(window: Int = 8192, _ price: Model.Price? = nil) -> Result<Model, Fault> {
        .success(Model(name: "a/b", window: window, price: price))
    }

    private static func balance(_ quota: Quota, used: Usage.Total = Usage.Total()) -> QuotaBalance {
        QuotaBalance(
            subject: .user("alice"),
            quota: quota,
            used: used,
            reserved: Usage.Total(),
            reset: Timestamp(microseconds: 0)
        )
    }

    @Test func `without a limit of tokens or money the answer is as long as it wants`() {
        let wish = CallWish(promptTokens: 100, maxTokens: nil, model: Self.model())
        #expect(Self.balance(Quota(period: .day, requests: 5)).room(for: wish) == nil)
        let (estimate, limit) = wish.grant(within: nil)
        #expect(estimate.completionTokens == 1024)
        #expect(limit == nil)
    }

    @Test(
        arguments: [
            // Plenty: all that the window has left, and no limit.
            (nil, 8192, 1_000_000, 7192, nil), (nil, 200_000, 1_000_000, 16_384, nil),
            // Less: a fourth of what is left.
            (nil, 8192, 8000, 2000, 2000), (nil, 200_000, 60_000, 4096, 4096), (nil, 8192, 1100, 1024, 1024),
            // What is asked for is what is reserved.
            (70, 8192, 1_000_000, 70, 70), (5000, 8192, 6000, 5000, 5000),
        ] as [(Int?, Int, Int, Int, Int?)]
    )
    func `an answer may have a part of what is left`(
        _ asked: Int?,
        _ window: Int,
        _ room: Int,
        _ reserved: Int,
        _ limit: Int?
    ) {
        let wish = CallWish(promptTokens: 1000, maxTokens: asked, model: Self.model(window: window))
        let grant = wish.grant(within: room)
        #expect(grant.estimate.completionTokens == reserved)
        #expect(grant.answerLimit == limit)
    }

    @Test func `room is what tokens and money leave, whichever is less`() {
        let wish = CallWish(
            promptTokens: 100,
            maxTokens: nil,
            model: Self.model(Model.Price(prompt: 2, completion: 10))
        )
        #expect(Self.balance(Quota(period: .day, tokens: 5000)).room(for: wish) == 4900)
        #expect(Self.balance(Quota(period: .day, cost: 10_209)).room(for: wish) == 1000)
        #expect(Self.balance(Quota(period: .day, tokens: 5000, cost: 10_200)).room(for: wish) == 1000)
    }

    @Test func `what costs nothing goes on when the money is spent, what has no price is refused`() throws {
        var used = Usage.Total()
        used.cost = 5000
        let balance = Self.balance(Quota(period: .day, cost: 5000), used: used)
        let free = CallWish(promptTokens: 1, maxTokens: nil, model: Self.model(Model.Price(prompt: 0, completion: 0)))
        #expect(balance.refusal(of: free, at: .now()) == nil)
        #expect(balance.room(for: free) == nil)
        let paid = CallWish(promptTokens: 1, maxTokens: 1, model: Self.model(Model.Price(prompt: 0, completion: 0.1)))
        #expect(balance.refusal(of: paid, at: .now())?.code == .quotaExceeded)
        let unpriced = CallWish(promptTokens: 1, maxTokens: nil, model: Self.model())
        let fault = try #require(balance.refusal(of: unpriced, at: .now()))
        #expect(fault.code == .forbidden)
        #expect(fault.message.hasPrefix("a/b has no price, and the user alice has a quota of money"))
        let missing = Fault(.missing, "There is no such model.")
        let lost = CallWish(promptTokens: 1, maxTokens: nil, model: .failure(missing))
        #expect(balance.refusal(of: lost, at: .now()) == missing)
        let silent = CallWish(promptTokens: 1, maxTokens: nil, model: .failure(Fault(.timeout, "It took too long.")))
        #expect(balance.refusal(of: silent, at: .now())?.code == .unavailable)
        #expect(Self.balance(Quota(period: .day, requests: 1)).refusal(of: silent, at: .now()) == nil)
    }
}
