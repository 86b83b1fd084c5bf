import Contracts

/// A quota with its used and reserved amounts; decides whether another call is allowed.
///
/// Pure functions.
struct QuotaBalance: Sendable {
    let subject: Quota.Subject
    let quota: Quota
    let used: Usage.Total
    private(set) var reserved: Usage.Total
    /// Start of the next period.
    let reset: Timestamp

    /// Returns the balance with more reserved amounts, but no more requests.
    func reserving(_ amounts: UsageEstimate) -> QuotaBalance {
        var balance = self
        balance.reserved.promptTokens += amounts.promptTokens
        balance.reserved.completionTokens += amounts.completionTokens
        balance.reserved.cost = (reserved.cost ?? 0) + amounts.cost
        return balance
    }

    /// Returns why a call is rejected; `nil` if it is allowed.
    ///
    /// Reserved amounts count as used, so concurrent calls cannot exceed the quota together.
    func rejection(of usageRequest: UsageRequest, at now: Timestamp) -> Fault? {
        let estimate = usageRequest.minimum
        if let limit = quota.concurrentRuns, reserved.requests >= limit {
            return Fault(
                .quotaExceeded,
                """
                At most \(limit) calls may be in progress for \(name), and \(reserved.requests) are. Wait for one to \
                finish.
                """,
                retryAfter: 1
            )
        }
        if let limit = quota.requests, used.requests + reserved.requests >= limit {
            return fault("\(limit) requests", "\(used.requests) are used, \(reserved.requests) are in progress", now)
        }
        if let limit = quota.tokens, used.tokens + reserved.tokens + estimate.tokens > limit {
            return fault(
                "\(limit) tokens",
                "\(used.tokens) are used, \(reserved.tokens) reserved, and this call may need \(estimate.tokens)",
                now,
                isFreedSoon: used.tokens + estimate.tokens <= limit
            )
        }
        guard let limit = quota.cost else { return nil }
        if let fault = usageRequest.missingPriceFault(name) { return fault }
        let spent = used.cost ?? 0
        // Free calls are allowed when all money is spent.
        if estimate.cost > 0, spent + (reserved.cost ?? 0) + estimate.cost > limit {
            return fault(
                "\(Self.money(limit)) of cost",
                """
                \(Self.money(spent)) are spent, \(Self.money(reserved.cost ?? 0)) reserved, and this may cost \
                \(Self.money(estimate.cost))
                """,
                now,
                isFreedSoon: spent + estimate.cost <= limit
            )
        }
        return nil
    }

    /// Returns the maximum number of tokens of the answer; `nil` if the quota does not limit it.
    func availableTokens(for usageRequest: UsageRequest) -> Int? {
        let tokens = quota.tokens.map { $0 - used.tokens - reserved.tokens - usageRequest.promptTokens }
        let money = quota.cost.flatMap { usageRequest.answerTokens(for: $0 - (used.cost ?? 0) - (reserved.cost ?? 0)) }
        return [tokens, money].compactMap(\.self).min()
    }

    private var name: String {
        switch subject {
        case .user(let name): "the user \(name)"
        case .key(let key): "the key \(key)"
        }
    }

    /// Reserved amounts usually exceed the final usage, so waiting for running calls may be enough.
    private func fault(_ limit: String, _ state: String, _ now: Timestamp, isFreedSoon: Bool = false) -> Fault {
        let seconds = (reset.microseconds - now.microseconds) / 1_000_000 + 1
        let end = "It resets on \(Day(reset)) at 00:00 UTC."
        return Fault(
            .quotaExceeded,
            "The quota of \(limit) per \(quota.period.rawValue) for \(name) is exhausted: \(state). \(end)",
            retryAfter: isFreedSoon ? 1 : seconds <= 86_400 ? Int(clamping: max(1, seconds)) : nil
        )
    }

    /// Formats millionths as a decimal amount with at least two decimal places.
    static func money(_ millionths: Int) -> String {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
        var digits = String(String(1_000_000 + abs(rest)).dropFirst())
        while digits.hasSuffix("0"), digits.utf8.count > 2 { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
