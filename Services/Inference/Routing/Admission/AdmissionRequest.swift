import Contracts

/// A call that needs a target: who makes it, and how long it may take.
struct AdmissionRequest: Sendable {
    /// What happens while the call waits for its answer.
    enum Progress: Sendable {
        case queued(ProviderQueue.Ticket)
        case leftQueue
        case failed(Attempt)
    }

    /// The user, for fair queues.
    var user: String
    /// The memory that the call occupies while it waits in a queue, in bytes.
    var bytes = 0
    /// The time by which the answer must be complete.
    var deadline: ContinuousClock.Instant
    /// An error that was found before any target was asked; it is reported if no target answers.
    var earlier: ProviderError?
    /// Receives the progress.
    var report: @Sendable (Progress) -> Void = { _ in }
}
