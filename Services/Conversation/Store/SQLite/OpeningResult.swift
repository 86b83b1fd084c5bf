import Contracts

/// What is stored for the idempotency key of a request that opened a conversation.
struct OpeningResult {
    let conversation: Conversation.ID
    let persona: Persona.ID
    let opensAnother: Bool
    let isNew: Bool

    init(_ conversation: Conversation.ID, _ opening: ConversationOpening, isNew: Bool) {
        self.conversation = conversation
        persona = opening.persona
        opensAnother = opening.opensAnother
        self.isNew = isNew
    }

    init(text: String) throws(StoreError) {
        let parts = text.split(separator: " ").map(String.init)
        guard parts.count == 4 else { throw .unreadable("the result of a key is invalid: \(text.prefix(120))") }
        conversation = try ColumnCoding.identifier(parts[0])
        persona = try ColumnCoding.identifier(parts[1])
        (opensAnother, isNew) = (parts[2] == "another", parts[3] == "new")
    }

    var text: String {
        "\(conversation) \(persona) \(opensAnother ? "another" : "any") \(isNew ? "new" : "existing")"
    }
}
