import Bus
import Contracts
import GRDB

/// Handles the endpoints that open, list and delete conversations and list their messages.
struct ConversationHandlers: Sendable {
    /// Number of most recent messages included in a conversation; long texts are truncated.
    private static let recentCount = 10

    let database: Database
    let conversations: LiveConversations
    var now: @Sendable () -> Timestamp = { .now() }

    func open(_ request: Conversations.Open, _ context: CallContext) async throws -> Conversations.Opened {
        let user = try context.requirePrincipal().user
        let moment = now()
        return try await database.write { database in
            guard let persona = try PersonaRows.find(request.persona, in: database) else {
                throw Fault(.missing, "Influencer not found")
            }
            let existing = try ConversationRows.find(user: user, persona: request.persona, in: database)
            if let existing, !request.opensAnother {
                return .init(conversation: try Self.response(existing, persona.persona, in: database), isNew: false)
            }
            let created = try Self.create(for: user, persona: persona.persona, at: moment, in: database)
            return .init(conversation: try Self.response(created, persona.persona, in: database), isNew: true)
        }
    }

    func list(_ request: Conversations.List, _ context: CallContext) async throws -> Page<Conversation> {
        let user = try context.requirePrincipal().user
        return try await database.read { database in
            let page = try ConversationRows.list(
                user: user,
                persona: request.persona,
                limit: request.limit,
                offset: request.offset,
                in: database
            )
            let items = try page.items.compactMap { stored in
                try PersonaRows.find(stored.persona, in: database).map {
                    try Self.response(stored, $0.persona, in: database)
                }
            }
            return Page(items: items, total: page.total)
        }
    }

    func delete(_ request: Conversations.Delete, _ context: CallContext) async throws -> Conversations.Deleted {
        let principal = try context.requirePrincipal()
        let count = try await conversations.with(request.id, of: principal) { try await $0.delete() }
        conversations.evict(request.id)
        return Conversations.Deleted(messageCount: count)
    }

    func messages(_ request: Messages.List, _ context: CallContext) async throws -> Page<Message> {
        let principal = try context.requirePrincipal()
        return try await database.read { database in
            let conversation = try ConversationAccess.check(request.conversation, by: principal, in: database)
            return try MessagePage(request, of: conversation, in: database).read(in: database)
        }
    }

    func siblings(_ request: Messages.Siblings, _ context: CallContext) async throws -> Page<Message> {
        let principal = try context.requirePrincipal()
        return try await database.read { database in
            let conversation = try ConversationAccess.check(request.conversation, by: principal, in: database)
            let message = try MessageRows.find(request.message, of: conversation.number, in: database)
            let siblings = try SiblingRows.list(siblingsOf: message, in: conversation.number, database)
            return Page(items: siblings, total: siblings.count)
        }
    }

    /// Selects a path.
    ///
    /// A run in progress is not affected: its answer is stored after its question.
    func select(_ request: Messages.Select, _ context: CallContext) async throws -> Page<Message> {
        let principal = try context.requirePrincipal()
        let moment = now()
        return try await database.write { database in
            var conversation = try ConversationAccess.check(request.conversation, by: principal, in: database)
            let message = try MessageRows.find(request.message, of: conversation.number, in: database)
            if !message.isOnPath {
                try PathRows.select(message, of: conversation.number, in: database)
                try ConversationRows.recordBranchChange(of: conversation.number, at: moment, in: database)
                conversation = try ConversationAccess.check(request.conversation, by: principal, in: database)
            }
            let newest = Messages.List(
                conversation: request.conversation,
                limit: request.limit,
                offset: 0,
                order: .descending
            )
            return try MessagePage(newest, of: conversation, in: database).read(in: database)
        }
    }

    func count() async throws -> Conversations.Statistics {
        try await database.read { database in
            let (conversations, messages) = try ConversationRows.count(in: database)
            return Conversations.Statistics(
                conversations: conversations,
                messages: messages,
                activePersonas: try PersonaRows.count(in: database)
            )
        }
    }

    /// Stores a new conversation with the persona's greeting as its first message.
    private static func create(
        for user: String,
        persona: Persona,
        at moment: Timestamp,
        in database: GRDB.Database
    ) throws -> StoredConversation {
        var created = StoredConversation(
            id: Conversation.ID(at: moment),
            user: user,
            persona: persona.id,
            createdAt: moment,
            updatedAt: moment,
            messageCount: 0
        )
        created.number = try ConversationRows.insert(created, in: database)
        guard !persona.greeting.isEmpty else { return created }
        let greeting = Message(
            id: Message.ID(at: moment),
            role: .assistant,
            content: Message.Content(text: persona.greeting),
            status: .completed,
            parent: nil,
            run: nil,
            tokenCount: TokenEstimate.tokens(in: persona.greeting),
            createdAt: moment
        )
        try MessageRows.insert(StoredMessage(position: 0, message: greeting), into: created.number, in: database)
        try ConversationRows.recordAnswer(in: created.number, at: moment, in: database)
        created.messageCount = 1
        return created
    }

    private static func response(
        _ stored: StoredConversation,
        _ persona: Persona,
        in database: GRDB.Database
    ) throws -> Conversation {
        let recent = try PathRows.list(
            of: stored.number,
            positions: PathRows.allPositions,
            limit: recentCount,
            order: .descending,
            isTruncated: true,
            in: database
        )
        return Conversation(
            id: stored.id,
            user: stored.user,
            persona: persona,
            createdAt: stored.createdAt,
            updatedAt: stored.updatedAt,
            messageCount: stored.messageCount,
            recentMessages: try SiblingRows.withBranchCounts(recent, in: stored.number, database)
        )
    }
}
