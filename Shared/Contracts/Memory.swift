/// A fact about a user, which is recalled in later conversations of the same user.
package struct Memory: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Memory>

    /// Maximum size of the text, in bytes.
    package static let maxBytes = 4096
    /// Maximum number of memories of a user.
    package static let maxCount = 100_000

    package var id: ID
    package var text: String
    package var source: Source
    /// The conversation and the user's message from which the fact is known; `nil` if the user entered it, and after the
    /// conversation was deleted.
    package var conversation: Conversation.ID?
    package var message: Message.ID?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        id: ID,
        text: String,
        source: Source,
        conversation: Conversation.ID? = nil,
        message: Message.ID? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.id = id
        self.text = text
        self.source = source
        self.conversation = conversation
        self.message = message
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// A memory as it was given to a model.
    package struct Excerpt: Codable, Sendable, Hashable {
        package var id: ID
        package var text: String

        package init(id: ID, text: String) {
            self.id = id
            self.text = text
        }
    }

    /// Who created a memory.
    package enum Source: String, Codable, Sendable, Hashable {
        /// The user, by the API.
        case user
        /// A model, by a tool.
        case tool
        /// The service, from a finished turn.
        case extraction
    }
}
