import Contracts

/// The estimated usage of a call, which is reserved before a model is called.
struct UsageEstimate: Sendable, Equatable {
    var promptTokens: Int
    var completionTokens: Int
    /// Cost in millionths of the currency unit; 0 if no price is known.
    var cost: Int

    var tokens: Int { promptTokens + completionTokens }

    static func + (one: Self, other: Self) -> Self {
        Self(
            promptTokens: one.promptTokens + other.promptTokens,
            completionTokens: one.completionTokens + other.completionTokens,
            cost: one.cost + other.cost
        )
    }

    /// The estimate as usage, for a call whose usage was not reported.
    var usage: Usage {
        Usage(
            promptTokens: promptTokens,
            completionTokens: completionTokens,
            isEstimated: true,
            cost: cost == 0 ? nil : cost
        )
    }
}
