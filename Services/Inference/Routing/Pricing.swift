import Contracts

/// Computes the usage and the cost of a generation.
enum Pricing {
    /// Returns the provider's usage, with an estimate where it is missing or impossible, and with the cost if the price
    /// is known.
    static func usage(_ counted: Usage?, promptBytes: Int, completionBytes: Int, price: Model.Price?) -> Usage {
        var usage = UsagePlausibility.usage(counted, promptBytes: promptBytes, completionBytes: completionBytes)
        usage.cost = price.map {
            $0.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        }
        return usage
    }
}
