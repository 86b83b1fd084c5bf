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
        usage.cost = price.flatMap { cost(of: usage, at: $0) }
        return usage
    }

    /// In millionths of the currency: a price is for a million tokens, so the millions cancel out.
    private static func cost(of usage: Usage, at price: Model.Price) -> Int? {
        var cost = Double(usage.promptTokens) * price.prompt + Double(usage.completionTokens) * price.completion
        cost.round(.up)
        return Int(exactly: cost)
    }
}
