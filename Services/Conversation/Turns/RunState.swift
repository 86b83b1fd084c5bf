import Contracts

/// What has become of a run so far.
struct RunState: Sendable {
    var status = Run.Status.running
    var text = ""
    /// How many bytes of the text came with each event.
    private(set) var chunkSizes: [Int] = []
    var model: String?
    var usage: Usage?
    var context: Run.ContextReport?
    var fault: Fault?
    /// What was tried in order to have a model answer.
    var attempts: [Attempt]?
    /// What the provider wants to see again of the answer, opaque.
    var metadata: RawJSON?
    /// Why the model ended, where it did.
    var finishReason: Inference.Finish.Reason?
    /// How many tokens the model was shown, where no report says that.
    var promptTokens: Int?
    /// What the model costs, where that is known.
    var price: Model.Price?
    /// Whether a provider has begun to answer, or may have been busy with it: only then it counts.
    var wasProviderCalled = false
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
        chunkSizes.append(more.utf8.count)
    }

    mutating func finish(_ finish: Inference.Finish) {
        status = .completed
        // Another model may have answered than the one that was asked first.
        if finish.model != model { price = nil }
        model = finish.model
        usage = finish.usage
        metadata = finish.metadata
        finishReason = finish.reason
        guard var usage, usage.cost == nil else { return }
        usage.cost = cost(usage.promptTokens, usage.completionTokens)
        self.usage = usage
    }

    /// What it took: as the provider said, else estimated from what was sent and what came.
    ///
    /// Nothing for a run that never reached a provider.
    var billedUsage: Usage? {
        guard usage == nil, wasProviderCalled || !text.isEmpty || status == .completed else { return usage }
        let prompt = context?.tokensEstimated ?? promptTokens ?? 0
        let completion = TokenEstimate.tokens(inAnswerOf: text.utf8.count)
        return Usage(
            promptTokens: prompt,
            completionTokens: completion,
            isEstimated: true,
            cost: cost(prompt, completion)
        )
    }

    private func cost(_ promptTokens: Int, _ completionTokens: Int) -> Int? {
        price?.cost(promptTokens: promptTokens, completionTokens: completionTokens)
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
