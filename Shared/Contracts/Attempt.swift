/// One attempt to generate an answer with one model.
package struct Attempt: Codable, Sendable, Hashable {
    /// `provider/model`.
    package var model: String
    package var outcome: Outcome
    /// The fault of an attempt that failed.
    package var code: Fault.Code?
    /// Why the attempt failed, more precisely than the fault: `silent`, `spent`.
    package var cause: String?
    /// The provider's HTTP status, if it was not 200.
    package var status: Int?
    /// Time until the first output or the fault, in milliseconds.
    package var milliseconds: Int

    package init(
        model: String,
        outcome: Outcome,
        code: Fault.Code? = nil,
        cause: String? = nil,
        status: Int? = nil,
        milliseconds: Int
    ) {
        self.model = model
        self.outcome = outcome
        self.code = code
        self.cause = cause
        self.status = status
        self.milliseconds = milliseconds
    }

    /// The result of an attempt.
    package enum Outcome: String, Codable, Sendable {
        /// The model started to answer.
        case answered
        /// The attempt failed before any output.
        case failed
        /// No request was sent: the circuit breaker of the model is open.
        case skipped
        /// No request was sent: the queue of the model is full.
        case refused
    }
}
