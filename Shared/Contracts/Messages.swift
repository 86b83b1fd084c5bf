/// The endpoints of conversation-svc for messages.
package enum Messages {
    /// Lists the messages on the selected path of a conversation.
    ///
    /// ``Page/next`` is the id of the last message of the page: the value of `after` in ascending order, and of
    /// `before` in descending order.
    ///
    /// Throws `missing`, `forbidden`.
    package struct List: Endpoint {
        package static let path = "/messages/list"
        package static let isIdempotent = true
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var limit: Int
        package var offset: Int
        package var order: Order
        /// Only messages before this one.
        package var before: Message.ID?
        /// Only messages after this one.
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

    /// Lists the siblings of a message including itself, oldest first.
    ///
    /// ``Page/next`` is the id of the last message of the page: the value of `after`.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Siblings: Endpoint {
        package static let path = "/messages/siblings"
        package static let isIdempotent = true
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var message: Message.ID
        /// Maximum number of messages to return (default: as many as one page may contain).
        package var limit: Int?
        /// Only siblings after this one.
        package var after: Message.ID?

        package init(
            conversation: Conversation.ID,
            message: Message.ID,
            limit: Int? = nil,
            after: Message.ID? = nil
        ) {
            self.conversation = conversation
            self.message = message
            self.limit = limit
            self.after = after
        }
    }

    /// Selects the path through a message, and after it the path that was selected there last; returns the newest
    /// messages of the path, newest first.
    ///
    /// ``Page/next`` is the id of the last message of the page: the value of `before` in ``List``.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Select: Endpoint {
        package static let path = "/messages/select"
        package static let isIdempotent = true
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var message: Message.ID
        /// Maximum number of messages to return.
        package var limit: Int

        package init(conversation: Conversation.ID, message: Message.ID, limit: Int) {
            self.conversation = conversation
            self.message = message
            self.limit = limit
        }
    }
}
