import Contracts

/// A stored conversation, without its persona and messages.
struct StoredConversation: Sendable, Equatable {
    var id: Conversation.ID
    var user: String
    var persona: Persona.ID
    var createdAt: Timestamp
    var updatedAt: Timestamp
    /// Number of messages on its selected path.
    var messageCount: Int
    /// Whether it has its own system prompt, see ``RunStore/instructions(of:)``, instead of the persona's.
    var hasInstructions: Bool

    /// Returns the fault if the conversation belongs to another user.
    func refusal(for principal: Principal) -> Fault? {
        // Compares bytes, as the database does: user names that differ only in Unicode normalization are different
        // users.
        guard !user.utf8.elementsEqual(principal.user.utf8) else { return nil }
        return Fault(.forbidden, "Not your conversation")
    }
}
