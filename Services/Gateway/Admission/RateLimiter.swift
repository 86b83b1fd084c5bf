import Synchronization

/// Limits requests per minute and per hour for each caller.
///
/// An API key can have its own limit in addition to the limit of its user.
final class RateLimiter: Sendable {
    /// Maximum number of callers that are tracked.
    private static let callerLimit = 50_000

    private struct Entry {
        var minute: TokenBucket
        var hour: TokenBucket

        init(_ limit: RateLimit, now: ContinuousClock.Instant) {
            minute = TokenBucket(capacity: max(limit.perMinute, 1), period: .seconds(60), now: now)
            hour = TokenBucket(capacity: max(limit.perHour, 1), period: .seconds(3600), now: now)
        }

        var isFull: Bool { minute.tokens >= minute.capacity && hour.tokens >= hour.capacity }

        /// Whether the entry was created for this limit; `false` after the limit was changed.
        func matches(_ limit: RateLimit) -> Bool {
            minute.capacity == Double(max(limit.perMinute, 1)) && hour.capacity == Double(max(limit.perHour, 1))
        }

        mutating func refill(now: ContinuousClock.Instant) {
            minute.refill(now: now)
            hour.refill(now: now)
        }

        mutating func take(_ limit: RateLimit) {
            if limit.perMinute > 0 { minute.take() }
            if limit.perHour > 0 { hour.take() }
        }
    }

    private let perMinute: Int
    private let perHour: Int
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - perMinute: The default limit per minute; 0 means unlimited.
    ///   - perHour: The default limit per hour; 0 means unlimited.
    init(perMinute: Int, perHour: Int) {
        self.perMinute = perMinute
        self.perHour = perHour
    }

    /// Whether the default limit restricts anything.
    var isLimited: Bool { perMinute > 0 || perHour > 0 }

    /// The number of callers that are tracked now.
    var callerCount: Int { entries.withLock { $0.count } }

    /// The default limit, for a caller.
    func limit(of caller: String) -> RateLimit {
        RateLimit(caller: caller, perMinute: perMinute, perHour: perHour)
    }

    /// Counts a request against the default limit of a caller.
    func take(_ caller: String, now: ContinuousClock.Instant = .now) -> RateLimitDecision {
        take([limit(of: caller)], now: now)
    }

    /// Counts a request against several limits: against all of them, or against none if one is exceeded.
    func take(_ limits: [RateLimit], now: ContinuousClock.Instant = .now) -> RateLimitDecision {
        evaluate(limits, takes: true, now: now)
    }

    /// Returns the decision for a request without counting it.
    func peek(_ caller: String, now: ContinuousClock.Instant = .now) -> RateLimitDecision {
        evaluate([limit(of: caller)], takes: false, now: now)
    }

    private func evaluate(_ limits: [RateLimit], takes: Bool, now: ContinuousClock.Instant) -> RateLimitDecision {
        let limits = limits.filter(\.isLimited)
        guard !limits.isEmpty else { return RateLimitDecision() }
        return entries.withLock { entries in
            var current = limits.map { Self.entry(for: $0, in: &entries, now: now) }
            var decision = RateLimitDecision()
            for (limit, entry) in zip(limits, current) {
                decision.check(limit, minute: entry.minute, hour: entry.hour)
            }
            if takes, decision.isAllowed {
                for index in current.indices { current[index].take(limits[index]) }
            }
            for (limit, entry) in zip(limits, current) {
                decision.report(limit, minute: entry.minute, hour: entry.hour)
                entries[limit.caller] = entry
            }
            return decision
        }
    }

    private static func entry(
        for limit: RateLimit,
        in entries: inout [String: Entry],
        now: ContinuousClock.Instant
    ) -> Entry {
        var entry: Entry
        if let known = entries[limit.caller], known.matches(limit) {
            entry = known
        } else {
            if entries.count >= callerLimit, entries[limit.caller] == nil { evict(&entries, now: now) }
            entry = Entry(limit, now: now)
        }
        entry.refill(now: now)
        return entry
    }

    /// Removes entries with full buckets; removes all entries if fewer than half would be removed.
    private static func evict(_ entries: inout [String: Entry], now: ContinuousClock.Instant) {
        let used = entries.filter { _, entry in
            var entry = entry
            entry.refill(now: now)
            return !entry.isFull
        }
        entries = used.count < callerLimit / 2 ? used : [:]
    }
}
