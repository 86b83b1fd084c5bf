import Contracts

/// The state of a run during its generation.
struct RunState: Sendable {
    var status = Run.Status.running
    var text = ""
    /// Size of the text of each event, in bytes.
    private(set) var chunkSizes: [Int] = []
    var model: String?
    var usage: Usage?
    var context: Run.ContextReport?
    var fault: Fault?
    /// The attempts to get an answer from a model.
    var attempts: [Attempt]?
    /// Opaque provider metadata of the answer, sent back to the provider with the next prompt.
    var metadata: RawJSON?
    /// The finish reason reported by the model.
    var finishReason: Inference.Finish.Reason?
    /// Number of prompt tokens, if there is no context report.
    var promptTokens: Int?
    /// The price of the model, if known.
    var price: Model.Price?
    /// Whether a provider has started to answer or may have started; only then usage is recorded.
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
        // A fallback model may have answered.
        if finish.model != model { price = nil }
        model = finish.model
        usage = finish.usage
        metadata = finish.metadata
        finishReason = finish.reason
        guard var usage, usage.cost == nil else { return }
        usage.cost = cost(usage.promptTokens, usage.completionTokens)
        self.usage = usage
    }

    /// The usage reported by the provider, otherwise an estimate from prompt and answer.
    ///
    /// `nil` for a run that never reached a provider.
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
    /// Milliseconds, rounded to two decimal places.
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
