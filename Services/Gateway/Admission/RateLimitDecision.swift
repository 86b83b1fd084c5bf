import NIOHTTP1

/// Whether a request is within its rate limits, and the values of the rate limit headers.
struct RateLimitDecision: Sendable {
    /// The limit that is exceeded: `per_minute` or `per_hour`; `nil` if the request is allowed.
    var exceeded: String?
    /// The value of the exceeded limit, in requests.
    var limit = 0
    /// Seconds until the next request is allowed.
    var retryAfter = 0
    var limitMinute = 0
    var limitHour = 0
    var remainingMinute = 0
    var remainingHour = 0

    var isAllowed: Bool { exceeded == nil }

    /// Rejects the request if a bucket is empty; the first rejection is kept.
    mutating func check(_ limit: RateLimit, minute: TokenBucket, hour: TokenBucket) {
        guard isAllowed else { return }
        if limit.perMinute > 0, minute.tokens < 1 {
            exceeded = "per_minute"
            self.limit = limit.perMinute
            retryAfter = minute.secondsUntilToken
        } else if limit.perHour > 0, hour.tokens < 1 {
            exceeded = "per_hour"
            self.limit = limit.perHour
            retryAfter = hour.secondsUntilToken
        }
    }

    /// Records the remaining requests: of several limits, the lowest count.
    mutating func report(_ limit: RateLimit, minute: TokenBucket, hour: TokenBucket) {
        let (minute, hour) = (Int(max(0, minute.tokens)), Int(max(0, hour.tokens)))
        if limit.perMinute > 0, limitMinute == 0 || minute < remainingMinute {
            (limitMinute, remainingMinute) = (limit.perMinute, minute)
        }
        if limit.perHour > 0, limitHour == 0 || hour < remainingHour {
            (limitHour, remainingHour) = (limit.perHour, hour)
        }
    }

    /// Adds the `X-RateLimit-*` headers.
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
