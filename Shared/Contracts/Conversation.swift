/// A conversation between a user and a persona.
package struct Conversation: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Conversation>

    package var id: ID
    /// The owner.
    package var user: String
    package var persona: Persona
    package var createdAt: Timestamp
    /// Time of the latest message.
    package var updatedAt: Timestamp
    package var messageCount: Int
    /// Up to ten of the newest messages, newest first; in a list fewer if they are large.
    package var recentMessages: [Message]
    /// Number of answers among the recent messages that the user has not read.
    package var unreadCount: Int?
    /// When the user last marked the conversation as read.
    package var readAt: Timestamp?

    package init(
        id: ID,
        user: String,
        persona: Persona,
        createdAt: Timestamp,
        updatedAt: Timestamp,
        messageCount: Int,
        recentMessages: [Message],
        unreadCount: Int? = nil,
        readAt: Timestamp? = nil
    ) {
        self.id = id
        self.user = user
        self.persona = persona
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.messageCount = messageCount
        self.recentMessages = recentMessages
        self.unreadCount = unreadCount
        self.readAt = readAt
    }
}
