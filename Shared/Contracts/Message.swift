/// One thing that was said in a conversation.
package struct Message: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Message>

    package var id: ID
    package var role: Role
    package var content: Content
    /// How it stands: an answer shares its run's status; what a user said is `completed`, or `failed` when no
    /// answer to it could be made.
    package var status: Run.Status
    /// The message that it follows: an answer its question, a question whatever was the last when it was put.
    package var parent: ID?
    /// The run that made it, or that answers it.
    package var run: Run.ID?
    /// How many tokens it holds, estimated where no provider counted them.
    package var tokenCount: Int?
    package var createdAt: Timestamp
    /// Its place among those that stand in the same place; absent when it is alone there.
    package var branch: Branch?
    /// What the provider that made it wants to see again, opaque.
    package var metadata: RawJSON?
    /// Which tools an assistant called.
    package var toolCalls: [Inference.ToolCall]?
    /// Which call a tool's message answers.
    package var toolCallID: String?
    /// Who speaks, among several of one role; for a tool's message the tool.
    package var name: String?

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

    /// Which one of several answers to a question, or of several questions after an answer.
    package struct Branch: Codable, Sendable, Hashable {
        /// 0 for the one that was there first.
        package var index: Int
        /// How many there are.
        package var count: Int

        package init(index: Int, count: Int) {
            self.index = index
            self.count = count
        }
    }

    /// Who said it.
    package enum Role: String, Codable, Sendable {
        case user
        case assistant
        /// What a tool said; only in conversations that were kept.
        case tool
        /// An instruction that was given in between; only in conversations that were kept.
        case system

        /// Whether an answer may follow it.
        package var isAnswerable: Bool { self != .assistant }
    }

    /// What was said: text, and what was sent along.
    package struct Content: Codable, Sendable, Hashable {
        package var kind: Kind
        package var text: String
        /// Images, at most ten; kept as the client named them.
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

    /// What kind of message it is.
    package enum Kind: String, Codable, Sendable, CaseIterable {
        case text
        case multimodal
        case image
        case audio
    }
}
