/// What conversation-svc answers about conversations.
///
/// All but ``Count`` need a principal, and tell only of that principal's own.
package enum Conversations {
    /// Opens a conversation with a persona; the one there is, unless a new one is asked for.
    ///
    /// Throws `missing`.
    package struct Open: Endpoint {
        package static let path = "/conversations/open"
        package typealias Response = Opened
        package var persona: Persona.ID
        /// Whether to open another one beside those there are.
        package var opensAnother: Bool

        package init(persona: Persona.ID, opensAnother: Bool = false) {
            self.persona = persona
            self.opensAnother = opensAnother
        }
    }

    /// A conversation, and whether it was made just now.
    package struct Opened: Codable, Sendable, Equatable {
        package var conversation: Conversation
        package var isNew: Bool

        package init(conversation: Conversation, isNew: Bool) {
            self.conversation = conversation
            self.isNew = isNew
        }
    }

    /// Lists the principal's conversations, the latest used first.
    package struct List: Endpoint {
        package static let path = "/conversations/list"
        package typealias Response = Page<Conversation>
        package var persona: Persona.ID?
        package var limit: Int
        package var offset: Int

        package init(persona: Persona.ID? = nil, limit: Int, offset: Int) {
            self.persona = persona
            self.limit = limit
            self.offset = offset
        }
    }

    /// Deletes a conversation and its messages; a run that is going is ended first.
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

    /// What went with a conversation.
    package struct Deleted: Codable, Sendable, Equatable {
        package var messageCount: Int

        package init(messageCount: Int) {
            self.messageCount = messageCount
        }
    }

    /// Counts what is stored, over all users.
    package struct Count: Endpoint {
        package static let path = "/conversations/count"
        package typealias Response = Statistics

        package init() {}
    }

    /// How much is stored.
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
