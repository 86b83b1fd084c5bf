/// A character that a model speaks as.
///
/// Its instructions and traits stay inside conversation-svc: they are no part of this value.
package struct Persona: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Persona>

    package var id: ID
    /// A short name in lower case, unique: `maya-kitchen`.
    package var name: String
    package var displayName: String
    /// A path on the gateway or an absolute URL.
    package var avatarURL: String
    package var description: String
    package var category: String
    /// What the persona says first in a new conversation; empty when it waits.
    package var greeting: String
    /// How a conversation with it might be begun.
    package var suggestedMessages: [String]
    package var createdAt: Timestamp
    /// How many conversations there are with it; only ``Personas/Find`` counts.
    package var conversationCount: Int?

    package init(
        id: ID,
        name: String,
        displayName: String,
        avatarURL: String,
        description: String,
        category: String,
        greeting: String,
        suggestedMessages: [String],
        createdAt: Timestamp,
        conversationCount: Int? = nil
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.avatarURL = avatarURL
        self.description = description
        self.category = category
        self.greeting = greeting
        self.suggestedMessages = suggestedMessages
        self.createdAt = createdAt
        self.conversationCount = conversationCount
    }
}
