import Contracts

/// The state of a run during its generation: the current step, and what is known of the steps before it.
struct RunState: Sendable {
    var status = Run.Status.running
    private(set) var step: StepState
    /// Number of stored steps.
    private(set) var stepCount = 0
    /// The model that generates or generated the current step.
    private(set) var model: String?
    var context: Run.ContextReport?
    var fault: Fault?
    /// Number of prompt tokens, if there is no context report.
    var promptTokens: Int?
    /// The attempts to get an answer from a model, of all steps.
    private(set) var attempts: [Attempt]?
    /// The finish reason of the last step that the model finished.
    private(set) var finishReason: Inference.Finish.Reason?
    /// Whether the provider has started to answer this step, or may have started; only then usage is recorded.
    var wasProviderCalled = false
    /// Whether the current step waits in the queue of a provider.
    private(set) var isQueued = false
    private var usage = RunUsage()
    /// Whether the usage of the current step is known or estimated, or it has none.
    private var isStepCounted = false
    /// Whether no model generated the current step.
    private var isWithoutModel = false
    private let arrival: SuspendingClock.Instant
    private let start: SuspendingClock.Instant
    private var firstText: SuspendingClock.Instant?
    private let byteLimit: Int

    init(
        arrival: SuspendingClock.Instant,
        now: SuspendingClock.Instant = .now,
        byteLimit: Int = Run.maxAnswerBytes
    ) {
        self.arrival = arrival
        self.byteLimit = byteLimit
        start = now
        step = StepState(byteLimit: byteLimit)
    }

    /// Sets the model that is asked, and its price.
    mutating func ask(_ model: Model) {
        self.model = model.name
        usage.setPrice(model.price, of: model.name)
    }

    /// Adds the start of an answer; a fallback may answer instead of the model that was asked.
    mutating func begin(_ begin: Inference.Begin) {
        model = begin.model
        attempts = (attempts ?? []) + begin.attempts
    }

    /// Notes what is known of a step whose answer has not begun.
    mutating func wait(_ progress: Inference.Progress) {
        if progress.attempt == nil { isQueued = progress.queuePosition != nil }
    }

    /// Notes the end of a step whose answer had not begun; the provider may have started if the end came from this side.
    mutating func endWait(after error: any Error, isStopped: Bool) {
        let fault = error as? Fault
        let isUnsent = fault?.attempts.map { !$0.isEmpty && $0.allSatisfy { $0.outcome != .failed } } ?? isQueued
        guard !isUnsent else { return }
        wasProviderCalled = wasProviderCalled || isStopped || fault?.code == .timeout
    }

    /// Adds the attempts of a request that no model answered.
    mutating func add(_ more: [Attempt]?) {
        guard let more else { return }
        attempts = (attempts ?? []) + more
    }

    /// Replaces the tool calls of the current step by the form in which they are stored.
    mutating func setToolCalls(_ calls: [Inference.ToolCall]) {
        step.setToolCalls(calls)
    }

    /// Sets the model of an interrupted run.
    mutating func setModel(_ model: String?) {
        self.model = model
    }

    mutating func setPrice(_ price: Model.Price?, of model: String) {
        usage.setPrice(price, of: model)
    }

    /// The models that were used and whose price was not looked up.
    var unpricedModels: [String] { usage.unpricedModels(current: model) }

    /// Appends a piece of text and returns what fits of it.
    @discardableResult
    mutating func append(_ text: String, as kind: RunStep.Chunk.Kind = .text) -> String {
        if firstText == nil, kind == .text { firstText = .now }
        return step.append(kind, text)
    }

    mutating func append(_ pieces: [Inference.ToolCallDelta]) {
        step.append(pieces)
    }

    /// Adds the order of an event's content.
    mutating func appendOrder(of event: Inference.Event) {
        step.appendOrder(of: event)
    }

    /// Adds the end of the model's answer.
    mutating func finish(_ finish: Inference.Finish) {
        status = .completed
        model = finish.model
        finishReason = step.finish(finish)
        addUsage(finish.usage ?? estimate)
    }

    /// Ends a step before the model does: the answer reached the limit of its size, or is complete.
    mutating func finishEarly(_ reason: Inference.Finish.Reason) {
        status = .completed
        finishReason = reason
        addUsage(estimate)
    }

    /// Completes the run without another answer of the model, with the text of the current step.
    mutating func completeWithoutModel() {
        status = .completed
        finishReason = .stop
        isStepCounted = true
        isWithoutModel = true
    }

    /// Completes the run without another answer of the model, with a text that an earlier step has already shown.
    mutating func complete(repeating text: String) {
        step.repeatText(text)
        completeWithoutModel()
    }

    /// Begins the next step after the current one, or a tool's result, was stored.
    mutating func nextStep() {
        stepCount += 1
        status = .running
        step = StepState(byteLimit: byteLimit)
        wasProviderCalled = false
        isQueued = false
        isStepCounted = false
    }

    /// Adds a model call of a run that an earlier process began.
    mutating func addInterruptedCall(promptTokens: Int, completionTokens: Int) {
        addUsage(Usage(promptTokens: promptTokens, completionTokens: completionTokens, isEstimated: true))
        isStepCounted = false
    }

    private mutating func addUsage(_ usage: Usage) {
        self.usage.add(usage, of: model)
        isStepCounted = true
    }

    /// The usage of the current step, estimated from the prompt and the answer.
    private var estimate: Usage {
        Usage(
            promptTokens: context?.tokensEstimated ?? promptTokens ?? 0,
            completionTokens: TokenEstimate.tokens(inAnswerOf: step.bytes),
            isEstimated: true
        )
    }

    /// The usage reported by the providers, otherwise estimates.
    ///
    /// `nil` for a run that never reached a provider.
    var billedUsage: Usage? {
        var usage = usage
        if !isStepCounted, wasProviderCalled || !step.isEmpty { usage.add(estimate, of: model) }
        return usage.total
    }

    /// The usage of the calls before the current step; `nil` in the first one.
    var usageOfSteps: Usage? { stepCount == 0 ? nil : usage.total }

    /// Number of tokens of the current step, as reported or estimated.
    var stepTokens: Int {
        if isStepCounted, !isWithoutModel, let reported = usage.last { return reported.completionTokens }
        return TokenEstimate.tokens(in: step.text)
    }

    func timing(now: SuspendingClock.Instant = .now) -> Run.Timing {
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
        return ((Double(seconds) * 1000 + Double(attoseconds) / 1e15) * 100).rounded() / 100
    }
}
