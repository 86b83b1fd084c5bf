/// A character that a model plays.
///
/// Does not include its instructions and traits, which stay inside conversation-svc.
package struct Persona: Codable, Sendable, Hashable, Identifiable {
    package typealias ID = Identifier<Persona>

    package var id: ID
    /// Unique short name in lower case, such as `maya-kitchen`.
    package var name: String
    package var displayName: String
    /// A path on the gateway or an absolute URL.
    package var avatarURL: String
    package var description: String
    package var category: String
    /// First message of a new conversation; empty if there is none.
    package var greeting: String
    /// Suggestions for the first message of a user.
    package var suggestedMessages: [String]
    package var createdAt: Timestamp
    /// Number of conversations with the persona; only ``Personas/Find`` returns it.
    package var conversationCount: Int?
    /// Whether the persona is offered and answers.
    package var status: Status
    /// Names of the tools that the persona may call, such as `recall_memory`.
    package var tools: [String]

    package init(
        id: ID,
        name: String,
        displayName: String,
        avatarURL: String,
        description: String,
        category: String,
        greeting: String,
        suggestedMessages: [String],
        createdAt: Timestamp,
        conversationCount: Int? = nil,
        status: Status = .active,
        tools: [String] = []
    ) {
        self.id = id
        self.name = name
        self.displayName = displayName
        self.avatarURL = avatarURL
        self.description = description
        self.category = category
        self.greeting = greeting
        self.suggestedMessages = suggestedMessages
        self.createdAt = createdAt
        self.conversationCount = conversationCount
        self.status = status
        self.tools = tools
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(ID.self, forKey: .id)
        name = try values.decode(String.self, forKey: .name)
        displayName = try values.decode(String.self, forKey: .displayName)
        avatarURL = try values.decode(String.self, forKey: .avatarURL)
        description = try values.decode(String.self, forKey: .description)
        category = try values.decode(String.self, forKey: .category)
        greeting = try values.decode(String.self, forKey: .greeting)
        suggestedMessages = try values.decode([String].self, forKey: .suggestedMessages)
        createdAt = try values.decode(Timestamp.self, forKey: .createdAt)
        conversationCount = try values.decodeIfPresent(Int.self, forKey: .conversationCount)
        // Replicas of an earlier version do not send these members.
        status = try values.decodeIfPresent(Status.self, forKey: .status) ?? .active
        tools = try values.decodeIfPresent([String].self, forKey: .tools) ?? []
    }

    /// Whether a persona is offered and answers.
    package enum Status: String, Codable, Sendable, Hashable, CaseIterable {
        /// Listed, and answers.
        case active
        /// Listed, but does not answer yet.
        case comingSoon = "coming_soon"
        /// Deleted: not listed and does not answer; its conversations remain.
        case discontinued
        /// Not listed, but answers: the persona of a surface.
        case unlisted

        /// Whether the persona is in the public list.
        package var isListed: Bool { self == .active || self == .comingSoon }
        /// Whether the persona answers messages.
        package var answers: Bool { self == .active || self == .unlisted }
    }
}
