import Contracts

/// What a generation took and costs.
enum Pricing {
    /// What the provider counted, or else an estimate; with what it costs, where a price is known.
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
