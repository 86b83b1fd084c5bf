/// Lets so many through in a time, and after a pause a burst of as many.
///
/// Pure.
struct TokenBucket: Sendable {
    let capacity: Double
    /// Tokens a second.
    let rate: Double
    private(set) var tokens: Double
    private var last: ContinuousClock.Instant

    /// Lets `capacity` through in each `period`.
    init(capacity: Int, period: Duration, now: ContinuousClock.Instant) {
        self.capacity = Double(capacity)
        rate = Double(capacity) / Self.seconds(period)
        tokens = self.capacity
        last = now
    }

    mutating func refill(now: ContinuousClock.Instant) {
        tokens = min(capacity, tokens + rate * max(0, Self.seconds(now - last)))
        last = max(last, now)
    }

    mutating func take() {
        tokens -= 1
    }

    /// How many seconds until there is one again.
    var wait: Double { max(0, (1 - tokens) / rate) }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
