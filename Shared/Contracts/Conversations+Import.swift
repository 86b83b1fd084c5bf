extension Conversations {
    /// Keeps what a model was shown elsewhere, and what it answered, as a new conversation of the principal's.
    ///
    /// No usage is counted: whoever had the model asked has done that. The same id again keeps nothing twice. Throws
    /// `invalid` when nothing is asked in the messages, and `conflict` for an id of somebody else's conversation.
    package struct Import: Endpoint, Hashable {
        package static let path = "/conversations/import"
        package typealias Response = Imported
        /// The conversation's name, made by whoever asks for this, so that it can be asked again.
        package var id: Conversation.ID
        /// What the model was shown, oldest first; of images and recordings the addresses are kept, and no data.
        package var messages: [Inference.Message]
        package var answer: Inference.Answer

        package init(id: Conversation.ID, messages: [Inference.Message], answer: Inference.Answer) {
            self.id = id
            self.messages = messages
            self.answer = answer
        }
    }

    /// What became of what was to be kept.
    package struct Imported: Codable, Sendable, Equatable {
        /// How many messages the conversation has.
        package var messageCount: Int
        /// Whether it was kept just now, and not before.
        package var isNew: Bool

        package init(messageCount: Int, isNew: Bool) {
            self.messageCount = messageCount
            self.isNew = isNew
        }
    }
}
