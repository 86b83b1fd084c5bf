/// The time limits of one target's attempts: pure functions.
enum AdmissionDeadline {
    typealias Instant = ContinuousClock.Instant

    /// The time by which a target must have begun to answer: each fallback keeps an equal share of the remaining time.
    static func beginning(_ now: Instant, until deadline: Instant, fallbacks: Int) -> Instant {
        guard fallbacks > 0 else { return deadline }
        return now + max(.zero, deadline - now) / (fallbacks + 1)
    }

    /// How long a call may wait in a queue.
    static func wait(_ limits: GenerationTimeouts, left: Duration, hasFallback: Bool) -> Duration {
        max(.zero, min(hasFallback ? limits.queueBeforeFallback : limits.queue, left))
    }

    /// The timeouts of an attempt.
    static func timeouts(
        _ limits: GenerationTimeouts,
        _ target: Target,
        now: Instant,
        beginning: Instant,
        deadline: Instant
    ) -> GenerationTimeouts {
        var limits = limits
        limits.whole = min(limits.whole, deadline - now)
        let firstToken = min(target.limits.firstToken ?? limits.firstToken, limits.firstToken)
        limits.firstToken = max(.milliseconds(1), min(firstToken, min(beginning - now, limits.whole)))
        return limits
    }
}
