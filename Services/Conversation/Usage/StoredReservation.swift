import Contracts

/// Usage reserved for a call until its actual usage is known.
struct StoredReservation: Sendable, Equatable {
    /// The run's id for a turn, otherwise an id of its own.
    var id: String
    var user: String
    var apiKey: APIKey.ID?
    var model: String
    var estimate = UsageEstimate(promptTokens: 0, completionTokens: 0, cost: 0)
    /// Maximum number of tokens of the answer; `nil` for unlimited.
    var answerLimit: Int?
    var createdAt: Timestamp
    /// When the reserved amounts count as used; `nil` for a turn, which is settled with its run.
    var expiresAt: Timestamp?
}
