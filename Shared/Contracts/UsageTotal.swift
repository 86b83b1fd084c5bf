extension Usage {
    /// The usage of several calls together.
    package struct Total: Codable, Sendable, Hashable {
        /// Valid range of each number, so that sums do not overflow.
        private static let bound = 0...1_000_000_000_000

        package var requests = 0
        package var promptTokens = 0
        package var completionTokens = 0
        /// Number of tokens that are estimated.
        package var estimatedTokens = 0
        /// Total cost, in millionths of the currency of the prices; `nil` if no price was known.
        package var cost: Int?
        /// Number of calls without a known price.
        package var unpricedRequests = 0

        package init() {}

        /// The usage of one call.
        package init(_ usage: Usage) {
            requests = 1
            promptTokens = Self.clamp(usage.promptTokens)
            completionTokens = Self.clamp(usage.completionTokens)
            estimatedTokens = usage.isEstimated ? tokens : 0
            cost = usage.cost.map(Self.clamp)
            unpricedRequests = cost == nil ? 1 : 0
        }

        /// Prompt and completion tokens together.
        package var tokens: Int { promptTokens &+ completionTokens }

        /// Whether all numbers are in the valid range.
        package var isValid: Bool {
            [requests, promptTokens, completionTokens, estimatedTokens, unpricedRequests, cost ?? 0]
                .allSatisfy(Self.bound.contains)
        }

        package static func += (left: inout Total, right: Total) {
            left.requests &+= right.requests
            left.promptTokens &+= right.promptTokens
            left.completionTokens &+= right.completionTokens
            left.estimatedTokens &+= right.estimatedTokens
            left.unpricedRequests &+= right.unpricedRequests
            if let cost = right.cost { left.cost = (left.cost ?? 0) &+ cost }
        }

        private static func clamp(_ number: Int) -> Int {
            min(max(number, bound.lowerBound), bound.upperBound)
        }
    }
}

extension Model.Price {
    /// Returns the cost of tokens in millionths of the currency of the prices, rounded up.
    package func cost(promptTokens: Int, completionTokens: Int) -> Int {
        // The price of a million tokens equals the price of one token in millionths.
        let cost = (Double(promptTokens) * prompt + Double(completionTokens) * completion).rounded(.up)
        return Int(exactly: cost) ?? (cost > 0 ? .max : 0)
    }
}
