import Bus
import Contracts

/// Looks up prices for usage without a known cost, such as that of an interrupted or abandoned call.
struct PriceLookup: Sendable {
    /// Maximum total time of the lookups.
    private static let timeout = Duration.seconds(2)

    let modelCache: ModelCache

    /// Returns the prices of the models for which a price is known.
    func find(_ models: Set<String>) async -> [String: Model.Price] {
        let end = ContinuousClock.now + Self.timeout
        var prices: [String: Model.Price] = [:]
        for model in models where !model.isEmpty && .now < end {
            prices[model] = await modelCache.modelIfKnown(model, CallContext(), within: end - .now)?.price
        }
        return prices
    }
}

extension Usage {
    /// Returns the usage with its cost, unless the cost is already known or there is no price.
    func priced(by price: Model.Price?) -> Usage {
        guard cost == nil, let price else { return self }
        var usage = self
        usage.cost = price.cost(promptTokens: promptTokens, completionTokens: completionTokens)
        return usage
    }
}

extension Usage.Total {
    /// Returns the total with its cost, if the cost of no call is known yet and there is a price.
    func priced(by price: Model.Price?) -> Usage.Total {
        guard cost == nil, let price else { return self }
        var total = self
        // The bound prevents overflow when totals are added.
        total.cost = min(price.cost(promptTokens: promptTokens, completionTokens: completionTokens), 1_000_000_000_000)
        total.unpricedRequests = 0
        return total
    }
}
