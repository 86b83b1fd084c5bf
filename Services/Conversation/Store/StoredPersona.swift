import Contracts

/// A stored persona with the parts that only conversation-svc uses.
struct StoredPersona: Sendable, Equatable {
    var persona: Persona
    /// The main part of the system prompt.
    var instructions: String
    /// Character traits, such as `energy`: `high`.
    var traits: [String: String]
}
