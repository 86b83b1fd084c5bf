import Contracts

/// The fault of a run as clients see it, on every surface.
///
/// An interrupted run keeps its result: the repetition of its request with the same idempotency key returns that result
/// and calls no model. So such a fault names the request that helps, and has no delay for a retry.
struct RunFault: Sendable, Equatable {
    /// The request for another answer.
    static let regenerate = "`POST /api/v1/chat/conversations/{conversation_id}/messages/{message_id}/regenerate`"

    let fault: Fault
    /// Whether a repetition of the same request may succeed.
    let isRetryable: Bool

    init(_ fault: Fault, _ status: Run.Status) {
        guard status == .interrupted else {
            self.fault = fault
            isRetryable = fault.code.isRetryable
            return
        }
        var fault = fault
        fault.message = Self.advising(fault.message)
        fault.retryAfter = nil
        self.fault = fault
        isRetryable = false
    }

    /// The fault of a run that ended without a complete answer.
    init(of end: Run.End) {
        self.init(end.fault ?? Fault(.unavailable, "The run failed."), end.status)
    }

    /// Replaces the last advice to try again, or adds the one to regenerate the answer.
    private static func advising(_ message: String) -> String {
        for (advice, replacement) in [("Try again", "Regenerate the answer"), ("try again", "regenerate the answer")] {
            guard let range = message.ranges(of: advice).last else { continue }
            return "\(message[..<range.lowerBound])\(replacement) with \(regenerate)\(message[range.upperBound...])"
        }
        return "\(message) Regenerate the answer with \(regenerate)."
    }
}
