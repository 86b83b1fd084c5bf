import Contracts

/// What a generation took and costs.
enum Pricing {
    /// How many bytes of text make about a token.
    private static let bytesPerToken = 4

    /// What the provider counted, or else an estimate; with what it costs, where a price is known.
    static func usage(_ counted: Usage?, promptBytes: Int, completionBytes: Int, price: Model.Price?) -> Usage {
        var usage =
            counted
            ?? Usage(
                promptTokens: promptBytes / bytesPerToken + 1,
                completionTokens: completionBytes / bytesPerToken + 1,
                isEstimated: true
            )
        usage.cost = price.map {
            $0.cost(promptTokens: usage.promptTokens, completionTokens: usage.completionTokens)
        }
        return usage
    }
}
