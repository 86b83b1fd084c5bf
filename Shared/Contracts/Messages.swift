/// What conversation-svc answers about messages.
package enum Messages {
    /// Lists the messages on the selected path of a conversation.
    ///
    /// Throws `missing`, `forbidden`.
    package struct List: Endpoint {
        package static let path = "/messages/list"
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var limit: Int
        package var offset: Int
        package var order: Order
        /// Only what stands before this message.
        package var before: Message.ID?
        /// Only what stands after this message.
        package var after: Message.ID?

        package init(
            conversation: Conversation.ID,
            limit: Int,
            offset: Int,
            order: Order,
            before: Message.ID? = nil,
            after: Message.ID? = nil
        ) {
            self.conversation = conversation
            self.limit = limit
            self.offset = offset
            self.order = order
            self.before = before
            self.after = after
        }
    }

    /// Lists the messages that stand in the same place as one, itself among them, the first that was there first.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Siblings: Endpoint {
        package static let path = "/messages/siblings"
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var message: Message.ID

        package init(conversation: Conversation.ID, message: Message.ID) {
            self.conversation = conversation
            self.message = message
        }
    }

    /// Makes the selected path of a conversation go through a message, and on from there as it did when it last went
    /// through it; answers the path's newest messages, newest first.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Select: Endpoint {
        package static let path = "/messages/select"
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var message: Message.ID
        /// How many messages to answer at most.
        package var limit: Int

        package init(conversation: Conversation.ID, message: Message.ID, limit: Int) {
            self.conversation = conversation
            self.message = message
            self.limit = limit
        }
    }
}
