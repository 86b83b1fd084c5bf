import Contracts
import Metrics

/// The metrics of one provider's generations.
struct GenerationMetrics: Sendable {
    private let provider: String
    private let started: Counter
    private let completed: Counter
    private let firstToken: Metrics.Timer
    private let characters: Counter
    private let tokens: Counter
    private let retries: Counter

    init(provider: String) {
        self.provider = provider
        let dimensions = [("provider", provider)]
        started = Counter(label: "inference_generations_started", dimensions: dimensions)
        completed = Counter(label: "inference_generations_ended", dimensions: dimensions + [("outcome", "completed")])
        firstToken = Metrics.Timer(label: "inference_first_token", dimensions: dimensions)
        characters = Counter(label: "inference_text_bytes", dimensions: dimensions)
        tokens = Counter(label: "inference_tokens", dimensions: dimensions)
        retries = Counter(label: "inference_retries", dimensions: dimensions)
    }

    func began() {
        started.increment()
    }

    func retried() {
        retries.increment()
    }

    func sawFirstToken(after duration: Duration) {
        firstToken.record(duration: duration)
    }

    func completed(bytes: Int, usage: Usage?) {
        completed.increment()
        characters.increment(by: bytes)
        tokens.increment(by: usage?.completionTokens ?? 0)
    }

    /// Records a generation that ended without a finish event.
    func ended(_ error: any Error) {
        let outcome =
            ((error as? ProviderError)?.fault ?? (error as? Fault))?.code.rawValue
            ?? (error is CancellationError ? "left" : "internal")
        Counter(
            label: "inference_generations_ended",
            dimensions: [("provider", provider), ("outcome", outcome)]
        ).increment()
    }
}
