import Contracts

/// Computes the usage and the cost of a generation.
enum Pricing {
    /// Returns the provider's usage or else an estimate, with the cost if the price is known.
    static func usage(_ counted: Usage?, promptBytes: Int, completionBytes: Int, price: Model.Price?) -> Usage {
        var usage =
            counted
            ?? Usage(
                promptTokens: TokenEstimate.tokens(inBytes: promptBytes),
                completionTokens: TokenEstimate.tokens(inAnswerOf: completionBytes),
                isEstimated: true
            )
        usage.cost = price.map {
            $0.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        }
        return usage
    }
}
