import Contracts

extension SQLiteStore: ConversationStore {
    /// Number of most recent messages included in a conversation; long texts are truncated.
    private static let recentCount = 10
    /// Size above which no further recent message is included in a conversation, in bytes.
    private static let recentBytes = 256 * 1024
    /// Maximum number of conversations of a page.
    private static let pageCount = 1000
    /// Size of the texts of a page, in bytes, above which the rest follows on the next page.
    static let pageBytes = 8 * 1024 * 1024

    func openConversation(_ opening: ConversationOpening) async throws -> Result<Conversations.Opened, Fault> {
        // Usually the conversation exists, and no write is needed.
        if !opening.opensAnother, opening.key == nil, let existing = try await findExisting(opening) {
            return .success(existing)
        }
        return try await database.write { connection throws(StoreError) in
            let key = opening.key.map { IdempotencyKey(route: "open conversation", key: $0) }
            let scope = "user \(opening.user)"
            if let key, let result = try RequestKeyRows.find(scope: scope, key, connection) {
                return try Self.repeated(OpeningResult(text: result), opening, connection)
            }
            guard let stored = try PersonaRows.find(opening.persona, connection) else {
                return .failure(.missingPersona)
            }
            let persona = stored.persona
            let existing = try Self.existing(opening, connection)
            if existing == nil, let refusal = stored.refusal { return .failure(refusal) }
            let row: ConversationRow
            if let existing { row = existing } else { row = try Self.create(opening, persona, connection) }
            let isNew = existing == nil
            if let key {
                let result = OpeningResult(row.stored.id, opening, isNew: isNew).text
                try RequestKeyRows.set(scope: scope, key, to: result, at: opening.moment, connection)
            }
            return .success(.init(conversation: try Self.response(row, persona, connection).conversation, isNew: isNew))
        }
    }

    private func findExisting(_ opening: ConversationOpening) async throws -> Conversations.Opened? {
        try await database.read { connection throws(StoreError) in
            guard let persona = try PersonaRows.find(opening.persona, connection)?.persona,
                let row = try ConversationRows.find(user: opening.user, persona: persona.id, connection)
            else { return nil }
            return .init(conversation: try Self.response(row, persona, connection).conversation, isNew: false)
        }
    }

    /// Returns the conversation that a request with the same key opened, as that request did.
    private static func repeated(
        _ result: OpeningResult,
        _ opening: ConversationOpening,
        _ connection: Connection
    ) throws(StoreError) -> Result<Conversations.Opened, Fault> {
        guard result.persona == opening.persona, result.opensAnother == opening.opensAnother else {
            return .failure(
                Fault(.keyReused, "This idempotency key was used with another `influencer_id` or `new`. Use a new key.")
            )
        }
        guard let row = try ConversationRows.find(result.conversation, connection),
            let persona = try PersonaRows.find(result.persona, connection)?.persona
        else { return .failure(Fault(.missing, "The conversation that this idempotency key opened was deleted.")) }
        let conversation = try response(row, persona, connection).conversation
        return .success(.init(conversation: conversation, isNew: result.isNew))
    }

    private static func existing(
        _ opening: ConversationOpening,
        _ connection: Connection
    ) throws(StoreError) -> ConversationRow? {
        guard !opening.opensAnother else { return nil }
        return try ConversationRows.find(user: opening.user, persona: opening.persona, connection)
    }

    private static func create(
        _ opening: ConversationOpening,
        _ persona: Persona,
        _ connection: Connection
    ) throws(StoreError) -> ConversationRow {
        let moment = opening.moment
        let conversation = StoredConversation(
            id: Conversation.ID(at: moment),
            user: opening.user,
            persona: persona.id,
            createdAt: moment,
            updatedAt: moment,
            messageCount: 0,
            hasInstructions: false
        )
        var row = try ConversationRows.insert(conversation, connection)
        Counters.add(1, to: .conversations, connection)
        Counters.add(1, to: .conversationsWith(persona.id), connection)
        guard !persona.greeting.isEmpty else { return row }
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
        let place = MessageRows.Place(path: row.path, position: 0, parent: -row.number)
        _ = try MessageRows.insert(RunStep(message: greeting), of: row.number, at: place, connection)
        try ConversationRows.addMessages(1, onPath: 1, isUse: false, to: row.number, at: moment, connection)
        row.stored.messageCount = 1
        return row
    }

    func findConversation(
        _ id: Conversation.ID,
        of principal: Principal?
    ) async throws -> Result<Conversation, Fault> {
        try await database.read { connection throws(StoreError) in
            guard let row = try ConversationRows.find(id, connection),
                let persona = try PersonaRows.find(row.stored.persona, connection)?.persona
            else { return .failure(Fault(.missing, "Conversation not found")) }
            if let principal, let refusal = row.stored.refusal(for: principal) { return .failure(refusal) }
            return .success(try Self.response(row, persona, connection).conversation)
        }
    }

    func listConversations(
        _ request: Conversations.List,
        of user: String
    ) async throws -> Result<Page<Conversation>, Fault> {
        if request.order == .creation, request.persona == nil {
            return .failure(Fault(.invalid, "The order of creation needs a persona."))
        }
        var cursor: ConversationCursor?
        if let text = request.cursor {
            guard let parsed = ConversationCursor(text) else {
                return .failure(Fault(.invalid, "`cursor` must be the `next` of an earlier page."))
            }
            guard request.offset == 0 else {
                return .failure(Fault(.invalid, "`cursor` and `offset` cannot be combined."))
            }
            cursor = parsed
        }
        return .success(
            try await database.read { [cursor] connection throws(StoreError) in
                try Self.page(request, of: user, after: cursor, connection)
            }
        )
    }

    private static func page(
        _ request: Conversations.List,
        of user: String,
        after cursor: ConversationCursor?,
        _ connection: Connection
    ) throws(StoreError) -> Page<Conversation> {
        let limit = min(max(request.limit, 0), pageCount)
        let rows = try ConversationRows.list(
            user: user,
            persona: request.persona,
            after: cursor,
            offset: request.offset,
            limit: limit + 1,
            order: request.order ?? .use,
            connection
        )
        // A page of nothing has no end to go on from.
        guard limit > 0 else {
            return Page(
                items: [],
                total: try ConversationRows.count(user: user, persona: request.persona, connection)
            )
        }
        var (items, bytes, read): ([Conversation], Int, Int) = ([], 0, 0)
        for row in rows.prefix(limit) {
            guard items.isEmpty || bytes < pageBytes else { break }
            read += 1
            guard let persona = try PersonaRows.find(row.stored.persona, connection)?.persona else { continue }
            let response = try response(row, persona, connection)
            items.append(response.conversation)
            bytes += response.bytes
        }
        return Page(
            items: items,
            total: try ConversationRows.count(user: user, persona: request.persona, connection),
            next: read < rows.count ? ConversationCursor(after: rows[read - 1]).text : nil
        )
    }

    /// Returns a conversation with its newest messages, and the size of their texts in bytes.
    private static func response(
        _ row: ConversationRow,
        _ persona: Persona,
        _ connection: Connection
    ) throws(StoreError) -> (conversation: Conversation, bytes: Int) {
        var (recent, bytes): ([MessageRows.Read], Int) = ([], 0)
        try PathRows.each(
            of: row.path,
            PathRows.allPositions,
            order: .descending,
            columns: MessageRows.truncatedColumns,
            connection
        ) { columns throws(StoreError) in
            let read = try MessageRows.read(columns)
            let size = read.message.content.text.utf8.count
            guard recent.isEmpty || bytes + size <= recentBytes else { return false }
            recent.append(read)
            bytes += size
            return recent.count < recentCount
        }
        let messages = try SiblingRows.withCounts(recent, of: row, connection).map(row.withReadMark)
        let conversation = Conversation(
            id: row.stored.id,
            user: row.stored.user,
            persona: persona,
            createdAt: row.stored.createdAt,
            updatedAt: row.stored.updatedAt,
            messageCount: row.stored.messageCount,
            recentMessages: messages,
            unreadCount: messages.count { $0.isRead == false },
            readAt: row.readAt
        )
        return (conversation, bytes)
    }

    func markRead(
        _ id: Conversation.ID,
        of principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Timestamp, Fault> {
        try await database.write { connection throws(StoreError) in
            switch try ConversationRows.find(id, of: principal, connection) {
            case .failure(let refusal): .failure(refusal)
            case .success(let row): .success(try ConversationRows.markRead(row.number, at: moment, connection))
            }
        }
    }

    func countObjects() async throws -> Conversations.Statistics {
        try await database.read { connection throws(StoreError) in
            Conversations.Statistics(
                conversations: try Counters.value(of: .conversations, connection),
                messages: try Counters.value(of: .messages, connection),
                activePersonas: try PersonaRows.count(connection)
            )
        }
    }
}
