import Contracts

/// What kept a provider from answering, and what may be done about it.
struct ProviderError: Error, Equatable {
    /// What may help, as long as nothing of the answer has come.
    enum RetryAdvice: Equatable {
        /// The same again, a little later.
        case retry
        /// Another model.
        case tryAnotherModel
        /// Nothing: the request itself is at fault.
        case none
    }

    /// What a person is told.
    var fault: Fault
    var retryAdvice: RetryAdvice
    /// The provider's HTTP status, where it gave one.
    var status: Int?
    /// How long the provider wants to be left alone.
    var delay: Duration?
    /// Whether only this one answer went wrong, as a model's writing may.
    var isModelError = false

    init(_ fault: Fault, _ retryAdvice: RetryAdvice, status: Int? = nil, delay: Duration? = nil) {
        self.fault = fault
        self.retryAdvice = retryAdvice
        self.status = status
        self.delay = delay
        if self.fault.retryAfter == nil, let delay {
            self.fault.retryAfter = Int(delay.components.seconds) + (delay.components.attoseconds > 0 ? 1 : 0)
        }
    }

    /// Whether it says that the provider is unwell, rather than the request; who says that it is asked too often is well.
    var isOutage: Bool { retryAdvice == .retry && !isModelError && status != 429 }
}
