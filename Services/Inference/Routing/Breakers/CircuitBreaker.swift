/// A circuit breaker for one target: a pure state machine, which receives the time as an argument.
///
/// It opens after five failures in a row, or if more than half of at least twenty requests within 30 s failed. While it is
/// open, requests are rejected, except one trial after each pause. A trial that begins to answer closes it; if the answer
/// breaks off, it opens again at once.
struct CircuitBreaker: Sendable {
    typealias Instant = ContinuousClock.Instant

    private static let failuresInRow = 5
    private static let minimumSample = 20
    private static let window = Duration.seconds(30)
    private static let firstPause = Duration.seconds(1)
    /// Short enough to notice a recovery soon, and long enough not to burden a failing provider.
    private static let longestPause = Duration.seconds(4)
    /// After this time a trial without a result permits another one.
    private static let trialLimit = Duration.seconds(60)

    /// The decision about a request.
    enum Admission: Equatable {
        case admitted
        case refused(for: Duration)
    }

    private enum State: Equatable {
        case closed
        /// All requests are rejected until an instant.
        case open(until: Instant, pause: Duration)
        /// A trial is in progress since an instant.
        case trying(since: Instant, pause: Duration)
    }

    /// The pause before the next trial, if the breaker opens again before an answer is complete.
    private var nextPause = firstPause

    private var state = State.closed
    private var failures = 0
    /// The numbers of requests and failures within the window, by second.
    private var seconds: [(second: Int64, answers: Int, failures: Int)] = []

    var isOpen: Bool { state != .closed }

    /// Whether the breaker is as good as a new one.
    var isHealthy: Bool { state == .closed && failures == 0 && !seconds.contains { $0.failures > 0 } }

    /// How long requests are refused; `nil` if one would be admitted.
    ///
    /// Begins no trial.
    func refusal(at now: Instant) -> Duration? {
        var copy = self
        guard case .refused(let wait) = copy.admit(at: now) else { return nil }
        return wait
    }

    mutating func admit(at now: Instant) -> Admission {
        switch state {
        case .closed: return .admitted
        case .open(let until, let pause):
            guard now >= until else { return .refused(for: until - now) }
            state = .trying(since: now, pause: pause)
            return .admitted
        case .trying(let since, let pause):
            guard now - since >= Self.trialLimit else { return .refused(for: Self.firstPause) }
            state = .trying(since: now, pause: pause)
            return .admitted
        }
    }

    /// The admitted request begins to be answered: a trial has shown that the provider is back.
    mutating func began(at now: Instant) {
        guard case .trying(_, let pause) = state else { return }
        state = .closed
        failures = Self.failuresInRow - 1
        nextPause = min(pause * 2, Self.longestPause)
        seconds = []
    }

    /// The answer is complete.
    mutating func succeeded(at now: Instant) {
        record(isFailure: false, at: now)
        failures = 0
        nextPause = Self.firstPause
        guard state != .closed else { return }
        state = .closed
        seconds = []
    }

    mutating func failed(at now: Instant) {
        record(isFailure: true, at: now)
        failures += 1
        switch state {
        case .closed:
            guard failures >= Self.failuresInRow || mostlyFailed else { return }
            state = .open(until: now + nextPause, pause: nextPause)
        case .trying(_, let pause):
            let longer = min(pause * 2, Self.longestPause)
            state = .open(until: now + longer, pause: longer)
        case .open: return
        }
    }

    /// The admitted request ended without a result.
    mutating func abandoned(at now: Instant) {
        if case .trying(_, let pause) = state { state = .open(until: now, pause: pause) }
    }

    private mutating func record(isFailure: Bool, at now: Instant) {
        let second = (now - Self.origin).components.seconds
        seconds.removeAll { $0.second <= second - Self.window.components.seconds }
        if seconds.last?.second != second { seconds.append((second, 0, 0)) }
        seconds[seconds.count - 1].answers += 1
        if isFailure { seconds[seconds.count - 1].failures += 1 }
    }

    private var mostlyFailed: Bool {
        let answers = seconds.reduce(0) { $0 + $1.answers }
        return answers >= Self.minimumSample && seconds.reduce(0) { $0 + $1.failures } * 2 > answers
    }

    private static let origin = Instant.now
}
