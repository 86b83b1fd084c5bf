/// Tracks the timeouts of one generation: a pure state machine, which receives the time as an argument.
struct GenerationTimeoutTracker: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The timeout that applies.
    enum Limit: Equatable {
        case firstToken
        case gap
        case whole
        case settling

        var cause: Cause {
            switch self {
            case .firstToken: .silent
            case .gap, .settling: .stalled
            case .whole: .late
            }
        }
    }

    /// The state at an instant.
    enum Status: Equatable {
        case pending(until: Instant)
        case expired(Limit)
    }

    private let limits: GenerationTimeouts
    private let start: Instant
    private var current = Limit.firstToken
    /// The start of waiting for the provider; `nil` while the reader of the answer is processing events.
    private var waitingSince: Instant?

    init(limits: GenerationTimeouts, start: Instant) {
        self.limits = limits
        self.start = start
        waitingSince = start
    }

    /// Starts waiting for the provider.
    mutating func wait(at now: Instant) {
        if waitingSince == nil { waitingSince = now }
    }

    /// Records output of the model.
    ///
    /// Keep-alive comments and events without content are none: some providers send them for minutes.
    mutating func progress(isFinished: Bool = false) {
        waitingSince = nil
        current = isFinished ? .settling : .gap
    }

    /// How long the provider has been silent.
    func silence(at now: Instant) -> Duration { waitingSince.map { now - $0 } ?? .zero }

    func status(at now: Instant) -> Status {
        let end = start + limits.whole
        guard now < end else { return .expired(.whole) }
        let due = (waitingSince ?? now) + duration
        guard waitingSince == nil || now < due else { return .expired(current) }
        return .pending(until: min(due, end))
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
