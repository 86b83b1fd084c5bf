import Contracts

/// What a live conversation uses of its persona.
struct LivePersona: Sendable {
    /// The system prompt, unless the conversation has its own.
    let prompt: String
    /// Names of the tools that the persona may call.
    let tools: [String]
    let form: StoredPersona.PromptForm
    /// The fault for a new message, if the persona does not answer.
    let refusal: Fault?
    /// The ``PersonaRevision`` before it was read.
    let revision: Int

    init(_ stored: StoredPersona, of conversation: StoredConversation, revision: Int) {
        prompt = PersonaPrompt.text(for: stored, conversationCreatedAt: conversation.createdAt)
        tools = stored.persona.tools
        form = stored.promptForm
        refusal = stored.refusal
        self.revision = revision
    }
}
