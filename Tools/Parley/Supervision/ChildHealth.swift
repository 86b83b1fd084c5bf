/// The health of one child process, derived from the results of its probes.
struct ChildHealth {
    /// Number of consecutive timeouts after which a child counts as hung.
    private static let timeoutLimit = 3
    /// How long nothing may listen on the port of a child that was ready; longer than a graceful shutdown takes.
    private static let refusalLimit = Duration.seconds(30)
    /// How long a child may take until it listens.
    private static let startLimit = Duration.seconds(300)

    enum Change {
        case becameReady
        /// The child does not answer any more and must be restarted.
        case hung
        /// Another program answers on its port.
        case portTaken
    }

    private let start: ContinuousClock.Instant
    private(set) var isReady = false
    private var timeouts = 0
    private var lastAnswer: ContinuousClock.Instant
    private var hasReportedPort = false

    init(start: ContinuousClock.Instant) {
        self.start = start
        lastAnswer = start
    }

    /// Returns what a result changes, if anything.
    mutating func update(_ result: HealthProbe.Result, now: ContinuousClock.Instant) -> Change? {
        switch result {
        case .ready, .notReady:
            timeouts = 0
            lastAnswer = now
            guard !isReady, case .ready = result else { return nil }
            isReady = true
            return .becameReady
        case .timedOut:
            timeouts += 1
            if isReady { return timeouts >= Self.timeoutLimit ? .hung : nil }
        case .refused, .otherProgram:
            timeouts = 0
            if isReady { return now - lastAnswer > Self.refusalLimit ? .hung : nil }
            if case .otherProgram = result, !hasReportedPort {
                hasReportedPort = true
                return .portTaken
            }
        }
        return now - start > Self.startLimit ? .hung : nil
    }
}
