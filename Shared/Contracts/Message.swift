/// A message of a conversation.
package struct Message: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Message>

    package var id: ID
    package var role: Role
    package var content: Content
    /// The status of an answer is that of its run; a user's message is `completed`, or `failed` if it got no answer.
    package var status: Run.Status
    /// The message before this one on its path.
    package var parent: ID?
    /// The run that generated this message, or that answers it.
    package var run: Run.ID?
    /// Number of tokens, estimated if the provider reported none.
    package var tokenCount: Int?
    package var createdAt: Timestamp
    /// The position among its siblings; `nil` without siblings.
    package var branch: Branch?
    /// Opaque data that the provider of this message expects in later requests.
    package var metadata: RawJSON?
    /// The reasoning of an answer with ``parts``, which its provider receives again.
    package var reasoning: String?
    /// The parts of an answer in order, if their order or their metadata matter to its provider.
    package var parts: [Inference.AnswerPart]?
    /// `provider/model` of an answer with ``metadata`` or ``parts``: only this provider receives them.
    package var model: String?
    /// Tool calls of an assistant message.
    package var toolCalls: [Inference.ToolCall]?
    /// The tool call whose result this message is.
    package var toolCallID: String?
    /// Name of the participant, or of the tool.
    package var name: String?
    /// Whether the user has read the message; only in lists of messages and conversations.
    package var isRead: Bool?

    package init(
        id: ID,
        role: Role,
        content: Content,
        status: Run.Status,
        parent: ID?,
        run: Run.ID?,
        tokenCount: Int?,
        createdAt: Timestamp,
        branch: Branch? = nil,
        metadata: RawJSON? = nil
    ) {
        self.id = id
        self.role = role
        self.content = content
        self.status = status
        self.parent = parent
        self.run = run
        self.tokenCount = tokenCount
        self.createdAt = createdAt
        self.branch = branch
        self.metadata = metadata
    }

    /// Whether the message is a part of the talk: not a call of tools without text, and not a tool's result.
    package var isTalk: Bool {
        role == .user || role == .assistant && (toolCalls == nil || !content.text.isEmpty)
    }

    /// The position of a message among its siblings: the messages with the same parent.
    package struct Branch: Codable, Sendable, Hashable {
        /// Index in order of creation, from 0.
        package var index: Int
        /// Number of siblings including this message.
        package var count: Int

        package init(index: Int, count: Int) {
            self.index = index
            self.count = count
        }
    }

    /// The author of a message.
    package enum Role: String, Codable, Sendable {
        case user
        case assistant
        /// The result of a tool call.
        case tool
        /// An instruction; only in imported conversations.
        case system
    }

    /// The content of a message: text and attachments.
    package struct Content: Codable, Sendable, Hashable {
        package var kind: Kind
        package var text: String
        /// URLs of up to ten images, as the client sent them.
        package var mediaURLs: [String]
        package var audioURL: String?
        package var audioSeconds: Int?

        package init(
            kind: Kind = .text,
            text: String,
            mediaURLs: [String] = [],
            audioURL: String? = nil,
            audioSeconds: Int? = nil
        ) {
            self.kind = kind
            self.text = text
            self.mediaURLs = mediaURLs
            self.audioURL = audioURL
            self.audioSeconds = audioSeconds
        }
    }

    /// The kind of content.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case text
        case multimodal
        case image
        case audio
    }
}
