/// The endpoints of conversation-svc for conversations.
///
/// All except ``Count`` require a principal and return only its own conversations.
package enum Conversations {
    /// Returns the conversation with a persona, or creates one.
    ///
    /// Throws `missing`, `forbidden` if the persona takes no new conversations, and `key_reused` for an idempotency key of a different request.
    package struct Open: Endpoint {
        package static let path = "/conversations/open"
        package typealias Response = Opened
        package var persona: Persona.ID
        /// Whether to create another conversation even if one exists.
        package var opensAnother: Bool
        /// Idempotency key: a repeated request within a day returns the conversation of the first one, with the same
        /// ``Opened/isNew``.
        package var key: String?

        package init(persona: Persona.ID, opensAnother: Bool = false, key: String? = nil) {
            self.persona = persona
            self.opensAnother = opensAnother
            self.key = key
        }
    }

    /// A conversation, and whether the request created it.
    package struct Opened: Codable, Sendable, Equatable {
        package var conversation: Conversation
        package var isNew: Bool

        package init(conversation: Conversation, isNew: Bool) {
            self.conversation = conversation
            self.isNew = isNew
        }
    }

    /// Returns a conversation.
    ///
    /// Without a principal, the conversation of any user is returned; the caller must decide who may see it. Throws
    /// `missing`, `forbidden`.
    package struct Find: Endpoint {
        package static let path = "/conversations/find"
        package static let isIdempotent = true
        package typealias Response = Conversation
        package var id: Conversation.ID

        package init(id: Conversation.ID) {
            self.id = id
        }
    }

    /// Returns the system prompt of a conversation, as the model gets it in the next turn.
    ///
    /// Throws `missing`, `forbidden`.
    package struct SystemPrompt: Endpoint {
        package static let path = "/conversations/prompt"
        package static let isIdempotent = true
        package typealias Response = Prompt
        package var id: Conversation.ID

        package init(id: Conversation.ID) {
            self.id = id
        }
    }

    /// A system prompt.
    package struct Prompt: Codable, Sendable, Equatable {
        package var text: String

        package init(text: String) {
            self.text = text
        }
    }

    /// The order of a list of conversations.
    package enum ListOrder: String, Codable, Sendable {
        /// Most recently used first.
        case use
        /// Oldest first; requires a persona.
        case creation
    }

    /// Lists the principal's conversations, most recently used first unless another order is requested.
    ///
    /// Throws `invalid` for a malformed cursor, and for a cursor together with an offset.
    package struct List: Endpoint {
        package static let path = "/conversations/list"
        package static let isIdempotent = true
        package typealias Response = Page<Conversation>
        package var persona: Persona.ID?
        package var limit: Int
        package var offset: Int
        /// ``Page/next`` of an earlier page (default: the beginning of the list).
        ///
        /// A conversation that is used between two pages moves to the beginning of the list; every other one is listed
        /// exactly once.
        package var cursor: String?
        package var order: ListOrder?

        package init(
            persona: Persona.ID? = nil,
            limit: Int,
            offset: Int,
            cursor: String? = nil,
            order: ListOrder? = nil
        ) {
            self.persona = persona
            self.limit = limit
            self.offset = offset
            self.cursor = cursor
            self.order = order
        }
    }

    /// Marks the messages of a conversation as read.
    ///
    /// Throws `missing`, `forbidden`.
    package struct MarkRead: Endpoint {
        package static let path = "/conversations/read"
        package static let isIdempotent = true
        package typealias Response = ReadMark
        package var id: Conversation.ID

        package init(id: Conversation.ID) {
            self.id = id
        }
    }

    /// Until when a conversation was read.
    package struct ReadMark: Codable, Sendable, Equatable {
        package var readAt: Timestamp

        package init(readAt: Timestamp) {
            self.readAt = readAt
        }
    }

    /// Deletes a conversation and its messages after stopping its active run.
    ///
    /// Throws `missing`, `forbidden`.
    package struct Delete: Endpoint {
        package static let path = "/conversations/delete"
        package typealias Response = Deleted
        package var id: Conversation.ID

        package init(id: Conversation.ID) {
            self.id = id
        }
    }

    /// The result of a deletion.
    package struct Deleted: Codable, Sendable, Equatable {
        package var messageCount: Int

        package init(messageCount: Int) {
            self.messageCount = messageCount
        }
    }

    /// Returns the number of stored objects of all users.
    package struct Count: Endpoint {
        package static let path = "/conversations/count"
        package static let isIdempotent = true
        package typealias Response = Statistics

        package init() {}
    }

    /// Numbers of stored objects.
    package struct Statistics: Codable, Sendable, Equatable {
        package var conversations: Int
        package var messages: Int
        package var activePersonas: Int

        package init(conversations: Int, messages: Int, activePersonas: Int) {
            self.conversations = conversations
            self.messages = messages
            self.activePersonas = activePersonas
        }
    }
}
