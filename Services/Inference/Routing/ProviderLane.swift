/// A provider with all that stands before it: its queue, its limits, its figures, and how often it may be tried again.
struct ProviderLane: Sendable {
    let provider: any Provider
    let limits: GenerationLimits
    let queue: ProviderQueue
    let metrics: GenerationMetrics
    let budget = RetryBudget()

    init(provider: any Provider, limits: GenerationLimits, concurrency: Int, queueLimit: Int) {
        self.provider = provider
        self.limits = limits
        queue = ProviderQueue(provider: provider.name, capacity: concurrency, queueLimit: queueLimit)
        metrics = GenerationMetrics(provider: provider.name)
    }
}
