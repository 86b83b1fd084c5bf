import Contracts

/// The outcome of a reservation.
enum ReservationOutcome: Sendable {
    /// No quota applies.
    case unlimited
    /// A quota applies, and the usage of the call is not estimated yet; nothing was written.
    ///
    /// The caller estimates it and tries again.
    case needsEstimate
    /// The usage is reserved; `answerLimit` is `nil` if the length of the answer is not limited.
    case reserved(answerLimit: Int?)
    /// A quota is exhausted; nothing was written.
    case rejected(Fault)
}
