/// A token bucket: allows `capacity` requests per period, and bursts of up to `capacity` requests.
///
/// A value type without side effects.
struct TokenBucket: Sendable {
    let capacity: Double
    /// Tokens added per second.
    let rate: Double
    private(set) var tokens: Double
    private var lastRefill: ContinuousClock.Instant

    init(capacity: Int, period: Duration, now: ContinuousClock.Instant) {
        self.capacity = Double(capacity)
        rate = Double(capacity) / Self.seconds(period)
        tokens = self.capacity
        lastRefill = now
    }

    /// Adds the tokens for the time since the last refill.
    mutating func refill(now: ContinuousClock.Instant) {
        tokens = min(capacity, tokens + rate * max(0, Self.seconds(now - lastRefill)))
        lastRefill = max(lastRefill, now)
    }

    mutating func take() {
        tokens -= 1
    }

    /// Seconds until one token is available, rounded up.
    var secondsUntilToken: Int { Int(exactly: max(0, (1 - tokens) / rate).rounded(.up)) ?? .max }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
