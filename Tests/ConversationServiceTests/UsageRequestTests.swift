import Contracts
import Testing

@testable import ConversationService

/// The reserved usage and the answer limit of a call.
struct UsageRequestTests {
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

    @Test func `without a token or cost quota the answer is unlimited`() {
        let usageRequest = UsageRequest(promptTokens: 100, maxTokens: nil, model: Self.model())
        #expect(Self.balance(Quota(period: .day, requests: 5)).availableTokens(for: usageRequest) == nil)
        let (estimate, limit) = usageRequest.grant(availableTokens: nil)
        #expect(estimate.completionTokens == 1024)
        #expect(limit == nil)
    }

    @Test(
        arguments: [
            // Plenty of tokens: the rest of the context window is reserved, and there is no limit.
            (nil, 8192, 1_000_000, 7192, nil), (nil, 200_000, 1_000_000, 16_384, nil),
            // Fewer tokens: a quarter of the available ones.
            (nil, 8192, 8000, 2000, 2000), (nil, 200_000, 60_000, 4096, 4096), (nil, 8192, 1100, 1024, 1024),
            // With a requested length, exactly that is reserved.
            (70, 8192, 1_000_000, 70, 70), (5000, 8192, 6000, 5000, 5000),
        ] as [(Int?, Int, Int, Int, Int?)]
    )
    func `an answer gets a share of the available tokens`(
        _ asked: Int?,
        _ window: Int,
        _ room: Int,
        _ reserved: Int,
        _ limit: Int?
    ) {
        let usageRequest = UsageRequest(promptTokens: 1000, maxTokens: asked, model: Self.model(window: window))
        let grant = usageRequest.grant(availableTokens: room)
        #expect(grant.estimate.completionTokens == reserved)
        #expect(grant.answerLimit == limit)
    }

    @Test func `the available tokens are the smaller of token and cost quota`() {
        let usageRequest = UsageRequest(
            promptTokens: 100,
            maxTokens: nil,
            model: Self.model(Model.Price(prompt: 2, completion: 10))
        )
        #expect(Self.balance(Quota(period: .day, tokens: 5000)).availableTokens(for: usageRequest) == 4900)
        #expect(Self.balance(Quota(period: .day, cost: 10_209)).availableTokens(for: usageRequest) == 1000)
        #expect(
            Self.balance(Quota(period: .day, tokens: 5000, cost: 10_200)).availableTokens(for: usageRequest) == 1000
        )
    }

    @Test func `with all money spent, a free model is allowed and a model without a price is rejected`() throws {
        var used = Usage.Total()
        used.cost = 5000
        let balance = Self.balance(Quota(period: .day, cost: 5000), used: used)
        let free = UsageRequest(
            promptTokens: 1,
            maxTokens: nil,
            model: Self.model(Model.Price(prompt: 0, completion: 0))
        )
        #expect(balance.rejection(of: free, at: .now()) == nil)
        #expect(balance.availableTokens(for: free) == nil)
        let paid = UsageRequest(
            promptTokens: 1,
            maxTokens: 1,
            model: Self.model(Model.Price(prompt: 0, completion: 0.1))
        )
        #expect(balance.rejection(of: paid, at: .now())?.code == .quotaExceeded)
        let unpriced = UsageRequest(promptTokens: 1, maxTokens: nil, model: Self.model())
        let fault = try #require(balance.rejection(of: unpriced, at: .now()))
        #expect(fault.code == .forbidden)
        #expect(fault.message.hasPrefix("a/b has no price, and the user alice has a cost quota"))
        let missing = Fault(.missing, "There is no such model.")
        let lost = UsageRequest(promptTokens: 1, maxTokens: nil, model: .failure(missing))
        #expect(balance.rejection(of: lost, at: .now()) == missing)
        let silent = UsageRequest(
            promptTokens: 1,
            maxTokens: nil,
            model: .failure(Fault(.timeout, "It took too long."))
        )
        #expect(balance.rejection(of: silent, at: .now())?.code == .unavailable)
        #expect(Self.balance(Quota(period: .day, requests: 1)).rejection(of: silent, at: .now()) == nil)
    }
}
