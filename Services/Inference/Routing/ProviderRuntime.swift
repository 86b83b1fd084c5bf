/// A provider with its queue, timeouts, metrics, and retry budget.
struct ProviderRuntime: Sendable {
    let provider: any Provider
    let limits: GenerationTimeouts
    let queue: ProviderQueue
    let metrics: GenerationMetrics
    let budget = RetryBudget()

    init(provider: any Provider, limits: GenerationTimeouts, concurrency: Int, queueLimit: Int, queueBytes: Int = .max)
    {
        self.provider = provider
        self.limits = limits
        queue = ProviderQueue(
            provider: provider.name,
            capacity: concurrency,
            queueLimit: queueLimit,
            bytesLimit: queueBytes
        )
        metrics = GenerationMetrics(provider: provider.name)
    }
}
