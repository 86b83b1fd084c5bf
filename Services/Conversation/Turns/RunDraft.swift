import Contracts

/// What has become of a run so far.
struct RunDraft: Sendable {
    var status = Run.Status.running
    var text = ""
    /// How many bytes of the text came with each event.
    private(set) var cuts: [Int] = []
    var model: String?
    var usage: Usage?
    var context: Run.ContextReport?
    var fault: Fault?
    private let arrival: ContinuousClock.Instant
    private let start: ContinuousClock.Instant
    private var firstText: ContinuousClock.Instant?

    init(arrival: ContinuousClock.Instant, now: ContinuousClock.Instant = .now) {
        self.arrival = arrival
        start = now
    }

    mutating func append(_ more: String) {
        if firstText == nil { firstText = .now }
        text += more
        cuts.append(more.utf8.count)
    }

    mutating func finish(_ finish: Inference.Finish) {
        status = .completed
        model = finish.model
        usage = finish.usage
    }

    func timing(now: ContinuousClock.Instant = .now) -> Run.Timing {
        Run.Timing(
            queue: (start - arrival).inMilliseconds,
            firstToken: firstText.map { ($0 - start).inMilliseconds },
            upstream: (now - start).inMilliseconds,
            total: (now - arrival).inMilliseconds
        )
    }
}

extension Duration {
    /// Milliseconds, to the hundredth.
    fileprivate var inMilliseconds: Double {
        let (seconds, attoseconds) = components
        return (Double(seconds) * 1000 + Double(attoseconds) / 1e15).rounded(toPlaces: 2)
    }
}

extension Double {
    fileprivate func rounded(toPlaces places: Int) -> Double {
        let factor = places == 2 ? 100.0 : 1.0
        return (self * factor).rounded() / factor
    }
}
