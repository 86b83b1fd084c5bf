import NIOCore

/// Whether a body arrives too slowly, judged only over the time in which the server reads.
///
/// Each byte earns the client `1 / minimumRate` seconds, at most `pause` in stock; reading takes them. A client without
/// any left is too slow. While the server does not read, because a handler is behind, the clock stands still.
///
/// Pure.
struct BodyTimeout: Sendable {
    struct Limits: Sendable {
        /// Time before the rate counts.
        var grace = TimeAmount.seconds(5)
        /// Longest pause of a client that was fast enough before.
        var pause = TimeAmount.seconds(15)
        /// Lowest average rate, in bytes per second.
        var minimumRate = 1024
    }

    /// How many bytes have arrived.
    private(set) var bytes = 0
    private let limits: Limits
    /// Time left.
    private var credit: TimeAmount
    /// Since when the server has been reading; `nil` while it does not.
    private var readingSince: NIODeadline?

    init(_ limits: Limits) {
        self.limits = limits
        credit = limits.grace
    }

    mutating func startReading(at now: NIODeadline) {
        if readingSince == nil { readingSince = now }
    }

    mutating func stopReading(at now: NIODeadline) {
        settle(at: now)
        readingSince = nil
    }

    mutating func received(_ count: Int, at now: NIODeadline) {
        bytes += count
        settle(at: now)
        let earned = Int64(min(count, 1 << 30)) * 1_000_000_000 / Int64(max(1, limits.minimumRate))
        credit = min(credit + .nanoseconds(earned), max(credit, limits.pause))
    }

    private mutating func settle(at now: NIODeadline) {
        guard let readingSince else { return }
        credit = credit - (now - readingSince)
        self.readingSince = now
    }

    /// Time until the client is too slow; `nil` while the server does not read.
    func remaining(at now: NIODeadline) -> TimeAmount? {
        readingSince.map { credit - (now - $0) }
    }
}
