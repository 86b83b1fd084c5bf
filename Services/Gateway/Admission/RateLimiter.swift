import NIOHTTP1
import Synchronization

/// How many requests a caller may make a minute and an hour; a key may have limits of its own beside its user's.
final class RateLimiter: Sendable {
    /// How many callers are remembered.
    private static let callerLimit = 50_000

    fileprivate struct Caller {
        var minute: TokenBucket
        var hour: TokenBucket

        /// Whether the allowance has not been changed since.
        func isMade(for allowance: Allowance) -> Bool {
            minute.capacity == Double(max(allowance.perMinute, 1)) && hour.capacity == Double(max(allowance.perHour, 1))
        }

        mutating func take(_ allowance: Allowance) {
            if allowance.perMinute > 0 { minute.take() }
            if allowance.perHour > 0 { hour.take() }
        }
    }

    /// What the limiter says about a request.
    struct Verdict: Sendable {
        /// Which limit is reached: `per_minute` or `per_hour`.
        var exceeded: String?
        /// How much that limit is.
        var limit = 0
        var retryAfter = 0
        var limitMinute = 0
        var limitHour = 0
        var remainingMinute = 0
        var remainingHour = 0

        var isAdmitted: Bool { exceeded == nil }

        /// Refuses where an allowance is used up; of several refusals the first stands.
        fileprivate mutating func refuse(_ allowance: Allowance, _ caller: Caller) {
            guard isAdmitted else { return }
            if allowance.perMinute > 0, caller.minute.tokens < 1 {
                exceeded = "per_minute"
                limit = allowance.perMinute
                retryAfter = Int(caller.minute.wait.rounded(.up))
            } else if allowance.perHour > 0, caller.hour.tokens < 1 {
                exceeded = "per_hour"
                limit = allowance.perHour
                retryAfter = Int(caller.hour.wait.rounded(.up))
            }
        }

        /// Tells what is left of an allowance; of several the one of which less is left.
        fileprivate mutating func tell(_ allowance: Allowance, _ caller: Caller) {
            let (minute, hour) = (Int(max(0, caller.minute.tokens)), Int(max(0, caller.hour.tokens)))
            if allowance.perMinute > 0, limitMinute == 0 || minute < remainingMinute {
                (limitMinute, remainingMinute) = (allowance.perMinute, minute)
            }
            if allowance.perHour > 0, limitHour == 0 || hour < remainingHour {
                (limitHour, remainingHour) = (allowance.perHour, hour)
            }
        }

        func write(to headers: inout HTTPHeaders) {
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

    /// Whether a caller without limits of their own has any.
    var isLimited: Bool { perMinute > 0 || perHour > 0 }

    /// How many callers are remembered now.
    var callerCount: Int { callers.withLock { $0.count } }

    /// What a caller may do; 0 for no limit.
    struct Allowance: Sendable {
        var caller: String
        var perMinute: Int
        var perHour: Int

        var isLimited: Bool { perMinute > 0 || perHour > 0 }
    }

    /// The allowance of a caller who has none of their own.
    func allowance(of caller: String) -> Allowance {
        Allowance(caller: caller, perMinute: perMinute, perHour: perHour)
    }

    /// Counts a request of a caller.
    func admit(_ caller: String, now: ContinuousClock.Instant = .now) -> Verdict {
        admit([allowance(of: caller)], now: now)
    }

    /// Counts a request against several allowances: against all of them, or, when one is used up, against none.
    func admit(_ allowances: [Allowance], now: ContinuousClock.Instant = .now) -> Verdict {
        judge(allowances, takes: true, now: now)
    }

    /// What a request would be told, without counting it.
    func foresee(_ caller: String, now: ContinuousClock.Instant = .now) -> Verdict {
        judge([allowance(of: caller)], takes: false, now: now)
    }

    private func judge(_ allowances: [Allowance], takes: Bool, now: ContinuousClock.Instant) -> Verdict {
        let limited = allowances.filter(\.isLimited)
        guard !limited.isEmpty else { return Verdict() }
        return callers.withLock { callers in
            var entries = limited.map { Self.entry(of: $0, in: &callers, now: now) }
            var verdict = Verdict()
            for (allowance, entry) in zip(limited, entries) { verdict.refuse(allowance, entry) }
            if takes, verdict.isAdmitted {
                for index in entries.indices { entries[index].take(limited[index]) }
            }
            for (allowance, entry) in zip(limited, entries) {
                verdict.tell(allowance, entry)
                callers[allowance.caller] = entry
            }
            return verdict
        }
    }

    private static func entry(
        of allowance: Allowance,
        in callers: inout [String: Caller],
        now: ContinuousClock.Instant
    ) -> Caller {
        var entry: Caller
        if let known = callers[allowance.caller], known.isMade(for: allowance) {
            entry = known
        } else {
            if callers.count >= callerLimit, callers[allowance.caller] == nil { forget(&callers, now: now) }
            entry = Caller(
                minute: TokenBucket(capacity: max(allowance.perMinute, 1), period: .seconds(60), now: now),
                hour: TokenBucket(capacity: max(allowance.perHour, 1), period: .seconds(3600), now: now)
            )
        }
        entry.minute.refill(now: now)
        entry.hour.refill(now: now)
        return entry
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
