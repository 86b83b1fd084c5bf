import Contracts

/// A stored persona with the parts that only conversation-svc uses.
struct StoredPersona: Sendable, Equatable {
    var persona: Persona
    /// The main part of the system prompt.
    var instructions: String
    /// Character traits as they were sent, but compact: an object such as `{"energy":"high"}`; see ``PersonaTraits``.
    var traits: RawJSON
    var promptForm = PromptForm.messages

    /// The persona with what only admins see.
    var inspected: Personas.Inspected {
        Personas.Inspected(persona: persona, instructions: instructions, traits: traits)
    }

    /// The fault for a request for an answer of a persona that does not answer; `nil` if it does.
    var refusal: Fault? {
        guard !persona.status.answers else { return nil }
        let reason =
            persona.status == .comingSoon
            ? "is not available yet. Choose another influencer."
            : "is no longer available. Earlier conversations can still be read."
        return Fault(.forbidden, "\(persona.displayName) \(reason)")
    }

    /// How the conversation is presented to the model.
    enum PromptForm: String, Sendable, Equatable {
        /// As the system prompt and messages with roles.
        case messages
        /// As one text that the model continues, the form of seed 000.
        case transcript
    }
}
