extension Usage {
    /// What several calls took together.
    package struct Total: Codable, Sendable, Hashable {
        /// More than one call can take; whatever says so is clamped, so that sums stay numbers.
        private static let bound = 0...1_000_000_000_000

        package var requests = 0
        package var promptTokens = 0
        package var completionTokens = 0
        /// How many of the tokens are estimated.
        package var estimatedTokens = 0
        /// What is known of their cost, in millionths of the currency of the prices; absent where nothing is.
        package var cost: Int?
        /// Of how many calls the cost is not known.
        package var unpricedRequests = 0

        package init() {}

        /// One call.
        package init(_ usage: Usage) {
            requests = 1
            promptTokens = Self.clamp(usage.promptTokens)
            completionTokens = Self.clamp(usage.completionTokens)
            estimatedTokens = usage.isEstimated ? tokens : 0
            cost = usage.cost.map(Self.clamp)
            unpricedRequests = cost == nil ? 1 : 0
        }

        /// Tokens of prompts and completions together.
        package var tokens: Int { promptTokens &+ completionTokens }

        /// Whether it can be what calls took.
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
    /// What so many tokens cost, in millionths of the currency of the prices, rounded up.
    package func cost(promptTokens: Int, completionTokens: Int) -> Int {
        // So much a million tokens is so many millionths a token.
        let cost = (Double(promptTokens) * prompt + Double(completionTokens) * completion).rounded(.up)
        return Int(exactly: cost) ?? (cost > 0 ? .max : 0)
    }
}
