import HTTP

/// One replica of a peer and what is known about its health.
struct Replica: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum State: Sendable, Equatable {
        /// Receives calls.
        case ready
        /// Responds, but reports that it is not ready, for example because it is shutting down.
        case unready
        /// Receives no calls until the given time.
        case ejected(until: Instant)
        /// Receives one call that decides whether it becomes ready; after the given time another one.
        case trial(until: Instant)
    }

    let target: HTTPTarget
    var state = State.ready
    /// Ejections in a row; each one is longer than the one before.
    private(set) var ejections = 0
    /// Health checks in a row that failed.
    var failedChecks = 0
    /// Whether the latest health check was answered; `false` before the first.
    var answersChecks = false
    /// When it last became ready after an ejection.
    private var returned: Instant?

    init(target: HTTPTarget) {
        self.target = target
    }

    var isReady: Bool { state == .ready }

    /// Whether its ejection or trial is over.
    func isDue(at now: Instant) -> Bool {
        switch state {
        case .ready, .unready: false
        case .ejected(let end), .trial(let end): end <= now
        }
    }

    /// Ejects it; returns for how long, or `nil` if it is ejected already.
    mutating func eject(at now: Instant, _ limits: ReplicaLimits) -> Duration? {
        if case .ejected(let end) = state, end > now { return nil }
        if let returned, now - returned >= limits.provenAfter { ejections = 0 }
        returned = nil
        let length = min(limits.ejection * (1 << min(ejections, 16)), limits.longestEjection)
        ejections += 1
        state = .ejected(until: now + length)
        return length
    }

    /// Makes it ready again.
    mutating func admit(at now: Instant) {
        state = .ready
        failedChecks = 0
        returned = now
    }

    /// Whether it is a better last resort than another one, when none is ready.
    func isBetter(than other: Replica) -> Bool {
        switch (state, other.state) {
        case (.unready, .unready): false
        case (.unready, _): true
        case (_, .unready): false
        default: (failedChecks, ejections) < (other.failedChecks, other.ejections)
        }
    }
}
