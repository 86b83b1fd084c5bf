import HTTPTypes
import Synchronization

/// How many requests a caller may make a minute and an hour.
final class RateLimiter: Sendable {
    /// How many callers are remembered.
    private static let callerLimit = 50_000

    private struct Caller {
        var minute: TokenBucket
        var hour: TokenBucket
    }

    /// What the limiter says about a request.
    struct Verdict: Sendable {
        /// Which limit is reached: `per_minute` or `per_hour`.
        var exceeded: String?
        var retryAfter = 0
        var limitMinute = 0
        var limitHour = 0
        var remainingMinute = 0
        var remainingHour = 0

        var isAdmitted: Bool { exceeded == nil }

        func write(to headers: inout HTTPFields) {
            if limitMinute > 0 {
                headers[.rateLimitMinute] = String(limitMinute)
                headers[.rateRemainingMinute] = String(remainingMinute)
            }
            if limitHour > 0 {
                headers[.rateLimitHour] = String(limitHour)
                headers[.rateRemainingHour] = String(remainingHour)
            }
        }
    }

    private let perMinute: Int
    private let perHour: Int
    private let callers = Mutex<[String: Caller]>([:])

    /// - Parameters: 0 for no limit.
    init(perMinute: Int, perHour: Int) {
        self.perMinute = perMinute
        self.perHour = perHour
    }

    /// How many callers are remembered now.
    var callerCount: Int { callers.withLock { $0.count } }

    /// Counts a request of a caller.
    func admit(_ caller: String, now: ContinuousClock.Instant = .now) -> Verdict {
        guard perMinute > 0 || perHour > 0 else { return Verdict() }
        return callers.withLock { callers in
            if callers.count >= Self.callerLimit, callers[caller] == nil { Self.forget(&callers, now: now) }
            var entry =
                callers[caller]
                ?? Caller(
                    minute: TokenBucket(capacity: max(perMinute, 1), period: .seconds(60), now: now),
                    hour: TokenBucket(capacity: max(perHour, 1), period: .seconds(3600), now: now)
                )
            entry.minute.refill(now: now)
            entry.hour.refill(now: now)
            let verdict = judge(&entry)
            callers[caller] = entry
            return verdict
        }
    }

    private func judge(_ caller: inout Caller) -> Verdict {
        var verdict = Verdict(limitMinute: perMinute, limitHour: perHour)
        if perMinute > 0, caller.minute.tokens < 1 {
            verdict.exceeded = "per_minute"
            verdict.retryAfter = Int(caller.minute.wait.rounded(.up))
        } else if perHour > 0, caller.hour.tokens < 1 {
            verdict.exceeded = "per_hour"
            verdict.retryAfter = Int(caller.hour.wait.rounded(.up))
        } else {
            if perMinute > 0 { caller.minute.take() }
            if perHour > 0 { caller.hour.take() }
        }
        verdict.remainingMinute = perMinute > 0 ? Int(max(0, caller.minute.tokens)) : 0
        verdict.remainingHour = perHour > 0 ? Int(max(0, caller.hour.tokens)) : 0
        return verdict
    }

    /// Forgets those who have their full allowance again; everybody, if that makes too little room to be worth it.
    private static func forget(_ callers: inout [String: Caller], now: ContinuousClock.Instant) {
        let busy = callers.filter { _, caller in
            var caller = caller
            caller.minute.refill(now: now)
            caller.hour.refill(now: now)
            return caller.minute.tokens < caller.minute.capacity || caller.hour.tokens < caller.hour.capacity
        }
        callers = busy.count < callerLimit / 2 ? busy : [:]
    }
}
