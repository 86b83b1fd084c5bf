import Contracts

/// A stored persona with the parts that only conversation-svc uses.
struct StoredPersona: Sendable, Equatable {
    var persona: Persona
    /// The main part of the system prompt.
    var instructions: String
    /// Character traits, such as `energy`: `high`.
    var traits: [String: String]
    var promptForm = PromptForm.messages

    /// How the conversation is presented to the model.
    enum PromptForm: String, Sendable, Equatable {
        /// As the system prompt and messages with roles.
        case messages
        /// As one text that the model continues, the form of seed 000.
        case transcript
    }
}
