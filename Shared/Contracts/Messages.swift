/// What conversation-svc answers about messages.
package enum Messages {
    /// Lists the messages of a conversation.
    ///
    /// Throws `missing`, `forbidden`.
    package struct List: Endpoint {
        package static let path = "/messages/list"
        package typealias Response = Page<Message>
        package var conversation: Conversation.ID
        package var limit: Int
        package var offset: Int
        package var order: Order

        package init(conversation: Conversation.ID, limit: Int, offset: Int, order: Order) {
            self.conversation = conversation
            self.limit = limit
            self.offset = offset
            self.order = order
        }
    }
}
