import Contracts

/// A quota, what was used of it, and what is reserved: whether there is room for one more call.
///
/// Pure.
struct QuotaBalance: Sendable {
    let subject: Quota.Subject
    let quota: Quota
    let used: Usage.Total
    let reserved: Usage.Total
    /// When the next period begins.
    let reset: Timestamp

    /// Why a call may not be made; `nil` when it may.
    ///
    /// What is reserved counts as used, so calls at once cannot take more together than there is.
    func refusal(of wish: CallWish, at now: Timestamp) -> Fault? {
        let estimate = wish.least
        if let limit = quota.concurrentRuns, reserved.requests >= limit {
            return Fault(
                .quotaExceeded,
                "\(limit) answers may be made at once for \(name), and \(reserved.requests) are. Wait for one.",
                retryAfter: 1
            )
        }
        if let limit = quota.requests, used.requests + reserved.requests >= limit {
            return fault("\(limit) requests", "\(used.requests) are used, \(reserved.requests) going on", now)
        }
        if let limit = quota.tokens, used.tokens + reserved.tokens + estimate.tokens > limit {
            return fault(
                "\(limit) tokens",
                "\(used.tokens) are used, \(reserved.tokens) reserved, and this may take \(estimate.tokens)",
                now,
                isFreedSoon: used.tokens + estimate.tokens <= limit
            )
        }
        guard let limit = quota.cost else { return nil }
        if let fault = wish.unpriced(name) { return fault }
        let spent = used.cost ?? 0
        // What costs nothing may go on when all is spent.
        if estimate.cost > 0, spent + (reserved.cost ?? 0) + estimate.cost > limit {
            return fault(
                "\(Self.money(limit)) in money",
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

    /// How many tokens the answer may have at most; `nil` where nothing here limits it.
    func room(for wish: CallWish) -> Int? {
        let tokens = quota.tokens.map { $0 - used.tokens - reserved.tokens - wish.promptTokens }
        let money = quota.cost.flatMap { wish.answer(for: $0 - (used.cost ?? 0) - (reserved.cost ?? 0)) }
        return [tokens, money].compactMap(\.self).min()
    }

    private var name: String {
        switch subject {
        case .user(let name): "the user \(name)"
        case .key(let key): "the key \(key)"
        }
    }

    /// What is reserved is mostly more than what is used in the end, so waiting for it may be enough.
    private func fault(_ limit: String, _ state: String, _ now: Timestamp, isFreedSoon: Bool = false) -> Fault {
        let seconds = (reset.microseconds - now.microseconds) / 1_000_000 + 1
        let end = "It begins anew on \(Day(reset)) at 00:00 UTC."
        return Fault(
            .quotaExceeded,
            "The quota of \(limit) a \(quota.period.rawValue) for \(name) has no room left: \(state). \(end)",
            retryAfter: isFreedSoon ? 1 : seconds <= 86_400 ? Int(clamping: max(1, seconds)) : nil
        )
    }

    /// Millionths as people write money.
    static func money(_ millionths: Int) -> String {
        let (whole, rest) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
        var digits = String(String(1_000_000 + abs(rest)).dropFirst())
        while digits.hasSuffix("0"), digits.utf8.count > 2 { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
