import Contracts
import Logging

/// An attempt with one provider that failed.
struct ProviderError: Error, Equatable {
    let cause: Cause
    /// The error as users see it: it names the provider, and contains no address.
    var fault: Fault
    /// The provider's HTTP status, if there was a response.
    var status: Int?
    /// How long the provider asks to wait.
    var delay: Duration?
    /// The address and the provider's own words, for logs only.
    var detail: String?

    init(_ cause: Cause, _ fault: Fault, status: Int? = nil, delay: Duration? = nil, detail: String? = nil) {
        self.cause = cause
        self.fault = fault
        self.status = status
        self.delay = delay
        self.detail = detail
        if self.fault.retryAfter == nil, let delay {
            self.fault.retryAfter = Int(delay.components.seconds) + (delay.components.attoseconds > 0 ? 1 : 0)
        }
    }

    /// An error that a provider found itself, without an answer of its server.
    init(_ fault: Fault) {
        let cause: Cause =
            switch fault.code {
            case .missing: .modelMissing
            case .timeout: .silent
            case .cut: .broken
            case .unavailable: .overloaded
            case .toolsUnsupported: .toolsUnsupported
            case .contextTooLong: .contextTooLong
            default: .rejected
            }
        self.init(cause, fault)
    }

    /// Whether the failure counts against the circuit breaker.
    var isOutage: Bool { cause.consequence.isOutage }

    /// Logs the error with its details, and returns what users may see.
    func logged() -> Fault {
        // Only the operator can replace a key or pay a bill, so these are louder.
        let level: Logger.Level = cause == .credential || cause == .spent ? .error : .notice
        Logger.current.log(level: level, "Provider failed", metadata: metadata)
        return fault
    }

    /// The error for a log entry, with its details.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "cause": "\(cause.rawValue)", "fault.code": "\(fault.code.rawValue)", "fault": "\(fault.message)",
        ]
        if let detail { metadata["error.detail"] = "\(detail)" }
        if let status { metadata["http.status"] = "\(status)" }
        return metadata
    }
}
