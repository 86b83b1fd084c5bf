import Contracts

/// What is reserved for one call: what it may take, as far as can be told before a model is asked.
struct UsageEstimate: Sendable, Equatable {
    var promptTokens: Int
    var completionTokens: Int
    /// In millionths of the currency of the prices; 0 where no price is known.
    var cost: Int

    var tokens: Int { promptTokens + completionTokens }

    /// The estimate as usage, for a call of which nobody said what it took.
    var usage: Usage {
        Usage(
            promptTokens: promptTokens,
            completionTokens: completionTokens,
            isEstimated: true,
            cost: cost == 0 ? nil : cost
        )
    }
}
