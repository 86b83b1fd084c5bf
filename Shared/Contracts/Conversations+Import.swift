extension Conversations {
    /// Stores the messages and the answer of a finished generation as a new conversation of the principal.
    ///
    /// Idempotent: a second request with the same id stores nothing. Usage is not recorded. Throws `invalid` if the
    /// messages contain no question, and `conflict` if the id belongs to a conversation of another user.
    package struct Import: Endpoint, Hashable {
        package static let path = "/conversations/import"
        package static let isIdempotent = true
        package typealias Response = Imported
        /// The id of the new conversation, chosen by the caller so that the request can be repeated.
        package var id: Conversation.ID
        /// The messages sent to the model, oldest first; of images and audio only URLs are stored, no data.
        package var messages: [Inference.Message]
        package var answer: Inference.Answer

        package init(id: Conversation.ID, messages: [Inference.Message], answer: Inference.Answer) {
            self.id = id
            self.messages = messages
            self.answer = answer
        }
    }

    /// The result of an import.
    package struct Imported: Codable, Sendable, Equatable {
        /// Number of messages in the conversation.
        package var messageCount: Int
        /// Whether this request created the conversation.
        package var isNew: Bool

        package init(messageCount: Int, isNew: Bool) {
            self.messageCount = messageCount
            self.isNew = isNew
        }
    }
}
