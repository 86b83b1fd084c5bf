import Bus
import Contracts

/// What models cost, for usage of which nobody said the cost: of a call that broke off, or whose client left.
struct Prices: Sendable {
    /// How long inference-svc is asked, for all of them together.
    private static let patience = Duration.seconds(2)

    let windows: ModelWindows

    /// The prices of the models, as far as they are known.
    func find(_ models: Set<String>) async -> [String: Model.Price] {
        let end = ContinuousClock.now + Self.patience
        var prices: [String: Model.Price] = [:]
        for model in models where !model.isEmpty && .now < end {
            prices[model] = await windows.modelIfKnown(model, CallContext(), within: end - .now)?.price
        }
        return prices
    }
}

extension Usage {
    /// The usage with its cost, if that was not known before.
    func priced(by price: Model.Price?) -> Usage {
        guard cost == nil, let price else { return self }
        var usage = self
        usage.cost = price.cost(promptTokens: promptTokens, completionTokens: completionTokens)
        return usage
    }
}

extension Usage.Total {
    /// The sum with its cost, if of no call that was known before.
    func priced(by price: Model.Price?) -> Usage.Total {
        guard cost == nil, let price else { return self }
        var total = self
        // So that sums of sums stay numbers.
        total.cost = min(price.cost(promptTokens: promptTokens, completionTokens: completionTokens), 1_000_000_000_000)
        total.unpricedRequests = 0
        return total
    }
}
