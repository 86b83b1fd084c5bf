/// Where a generation stands against its limits; pure, the time is told to it.
struct GenerationTimeoutTracker: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// A limit that can pass.
    enum Limit: Equatable {
        case firstToken
        case gap
        case whole
        case settling
    }

    /// What to do at a moment.
    enum Verdict: Equatable {
        case lookAgain(at: Instant)
        case passed(Limit)
    }

    private let limits: GenerationTimeouts
    private let start: Instant
    private var current = Limit.firstToken
    /// Since when the provider has been waited for; absent while it is our reader who takes the time.
    private var waitingSince: Instant?

    init(limits: GenerationTimeouts, start: Instant) {
        self.limits = limits
        self.start = start
        waitingSince = start
    }

    /// The provider is asked for more.
    mutating func wait(at now: Instant) {
        if waitingSince == nil { waitingSince = now }
    }

    /// Takes note of the provider's sign of life.
    mutating func progress(isFinished: Bool = false) {
        waitingSince = nil
        current = isFinished ? .settling : .gap
    }

    func verdict(at now: Instant) -> Verdict {
        let end = start + limits.whole
        guard now < end else { return .passed(.whole) }
        let due = (waitingSince ?? now) + duration
        guard waitingSince == nil || now < due else { return .passed(current) }
        return .lookAgain(at: min(due, end))
    }

    private var duration: Duration {
        switch current {
        case .firstToken: limits.firstToken
        case .gap: limits.gap
        case .settling: limits.settling
        case .whole: limits.whole
        }
    }
}
