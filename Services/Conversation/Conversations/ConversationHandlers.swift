import Bus
import Contracts

/// Handles the endpoints that open, list and delete conversations and list their messages.
struct ConversationHandlers: Sendable {
    let store: any ConversationStore
    let conversations: LiveConversations
    let purge: BackgroundPurge
    var transcripts: TranscriptMirror?
    var now: @Sendable () -> Timestamp = { .now() }

    func open(_ request: Conversations.Open, _ context: CallContext) async throws -> Conversations.Opened {
        let opening = ConversationOpening(
            user: try context.requirePrincipal().user,
            persona: request.persona,
            opensAnother: request.opensAnother,
            key: request.key,
            moment: now()
        )
        return try await store.openConversation(opening).get()
    }

    func find(_ request: Conversations.Find, _ context: CallContext) async throws -> Conversation {
        try await store.findConversation(request.id, of: context.principal).get()
    }

    func systemPrompt(
        _ request: Conversations.SystemPrompt,
        _ context: CallContext
    ) async throws -> Conversations.Prompt {
        let principal = try context.requirePrincipal()
        return Conversations.Prompt(
            text: try await conversations.with(request.id, of: principal) { try await $0.systemText() }
        )
    }

    func list(_ request: Conversations.List, _ context: CallContext) async throws -> Page<Conversation> {
        try await store.listConversations(request, of: context.requirePrincipal().user).get()
    }

    func markRead(
        _ request: Conversations.MarkRead,
        _ context: CallContext
    ) async throws -> Conversations.ReadMark {
        let moment = try await store.markRead(request.id, of: context.requirePrincipal(), at: now()).get()
        return Conversations.ReadMark(readAt: moment)
    }

    func delete(_ request: Conversations.Delete, _ context: CallContext) async throws -> Conversations.Deleted {
        let principal = try context.requirePrincipal()
        let (count, record) = try await conversations.with(request.id, of: principal) { conversation in
            (try await conversation.delete(by: principal, in: store), conversation.record)
        }
        transcripts?.conversationChanged(record)
        conversations.evict(request.id)
        purge.start()
        return Conversations.Deleted(messageCount: count)
    }

    func messages(_ request: Messages.List, _ context: CallContext) async throws -> Page<Message> {
        try await store.listMessages(request, of: context.requirePrincipal()).get()
    }

    func siblings(_ request: Messages.Siblings, _ context: CallContext) async throws -> Page<Message> {
        try await store.listSiblings(request, of: context.requirePrincipal()).get()
    }

    /// Selects a path.
    ///
    /// A run in progress is not affected: its answer is stored after its question.
    func select(_ request: Messages.Select, _ context: CallContext) async throws -> Page<Message> {
        let principal = try context.requirePrincipal()
        let page = try await store.selectPath(request, of: principal, at: now()).get()
        if let transcripts {
            let conversation = try await store.findConversation(request.conversation, of: principal).get()
            transcripts.conversationChanged(of: conversation.user, with: conversation.persona.id)
        }
        return page
    }

    func count() async throws -> Conversations.Statistics {
        try await store.countObjects()
    }
}
