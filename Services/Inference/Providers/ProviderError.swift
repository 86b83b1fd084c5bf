import Contracts
import Logging

/// Why a provider did not answer, and whether a retry or another model may help.
struct ProviderError: Error, Equatable {
    /// What may help while nothing of the answer has been received.
    enum RetryAdvice: Equatable {
        /// The same request, after a pause.
        case retry
        /// Another model.
        case tryAnotherModel
        /// Nothing: the request itself is at fault.
        case none
    }

    /// The error as users see it: it names the provider, and contains no address.
    var fault: Fault
    var retryAdvice: RetryAdvice
    /// The provider's HTTP status, if there was a response.
    var status: Int?
    /// How long the provider asks to wait.
    var delay: Duration?
    /// Whether only this answer failed, for example because the model wrote an invalid call of a tool.
    var isModelError = false
    /// The address and the cause, for logs only.
    var detail: String?

    init(
        _ fault: Fault,
        _ retryAdvice: RetryAdvice,
        status: Int? = nil,
        delay: Duration? = nil,
        detail: String? = nil
    ) {
        self.fault = fault
        self.retryAdvice = retryAdvice
        self.status = status
        self.delay = delay
        self.detail = detail
        if self.fault.retryAfter == nil, let delay {
            self.fault.retryAfter = Int(delay.components.seconds) + (delay.components.attoseconds > 0 ? 1 : 0)
        }
    }

    /// Whether the provider is unavailable; one that only limits the rate of requests is available.
    var isOutage: Bool { retryAdvice == .retry && !isModelError && status != 429 }

    /// Logs the error with its details, and returns what users may see.
    func logged() -> Fault {
        Logger.current.notice("Provider failed", metadata: metadata)
        return fault
    }

    /// The error for a log entry, with its details.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["fault.code": "\(fault.code.rawValue)", "fault": "\(fault.message)"]
        if let detail { metadata["error.detail"] = "\(detail)" }
        if let status { metadata["http.status"] = "\(status)" }
        return metadata
    }
}
