import Contracts
import NIOPosix

/// Writes the transcript file of a conversation from its stored messages, page by page.
struct TranscriptWriter: Sendable {
    /// What a file contains.
    struct Position: Sendable, Equatable {
        var conversation: Conversation.ID
        /// The last answer in the file; `nil` if there is none.
        var lastAnswer: Message.ID?
        var version: TranscriptFolder.Version
    }

    private static let pageSize = 200

    let store: any ConversationStore
    let folder: TranscriptFolder

    func remove(_ user: String) async throws {
        try await remove(file: TranscriptFileName.name(of: user))
    }

    func remove(file name: String) async throws {
        try await blocking { try folder.remove(name) }
    }

    func names() async throws -> [String] {
        try await blocking { try folder.names() }
    }

    /// Whether the file has the state of the conversation.
    func isCurrent(_ conversation: StoredConversation) async throws -> Bool {
        let name = TranscriptFileName.name(of: conversation.user)
        let version = try await blocking { try folder.version(of: name) }
        return version?.modified == conversation.updatedAt.microseconds
    }

    /// Appends the turns after a position; returns `nil` if the file must be rewritten instead.
    func append(to conversation: StoredConversation, after position: Position) async throws -> Position? {
        guard let last = position.lastAnswer else { return nil }
        let page = try await page(of: conversation, after: last)
        guard page.next == nil else { return nil }
        guard let first = page.items.first else {
            return try await endsWith(last, conversation) ? position : nil
        }
        // Otherwise another path was selected.
        guard first.parent == last else { return nil }
        var (blocks, text) = (Transcript.Blocks(), [UInt8]())
        let lastAnswer = Self.add(page.items, to: &text, &blocks, isFirst: false)
        let name = TranscriptFileName.name(of: conversation.user)
        let modified = conversation.updatedAt.microseconds
        let version = try await blocking { [text] in
            try folder.append(text, to: name, ifStill: position.version, modified: modified)
        }
        guard let version else { return nil }
        return Position(conversation: conversation.id, lastAnswer: lastAnswer ?? last, version: version)
    }

    /// Whether a message is the last one on the conversation's path.
    private func endsWith(_ message: Message.ID, _ conversation: StoredConversation) async throws -> Bool {
        let request = Messages.List(conversation: conversation.id, limit: 1, offset: 0, order: .descending)
        return try await list(request, of: conversation).items.first?.id == message
    }

    /// Writes the whole file.
    func rewrite(_ conversation: StoredConversation) async throws -> Position {
        let draft = try await blocking { try folder.draft() }
        var blocks = Transcript.Blocks()
        var (last, lastAnswer): (Message.ID?, Message.ID?) = (nil, nil)
        while true {
            let page = try await page(of: conversation, after: last)
            var text: [UInt8] = []
            lastAnswer = Self.add(page.items, to: &text, &blocks, isFirst: lastAnswer == nil) ?? lastAnswer
            try await blocking { [text] in try draft.write(text) }
            guard page.next != nil, let end = page.items.last else { break }
            last = end.id
        }
        let name = TranscriptFileName.name(of: conversation.user)
        let modified = conversation.updatedAt.microseconds
        let version = try await blocking { try draft.publish(as: name, modified: modified) }
        return Position(conversation: conversation.id, lastAnswer: lastAnswer, version: version)
    }

    /// Adds the blocks of messages; returns the last answer among them.
    private static func add(
        _ messages: [Message],
        to text: inout [UInt8],
        _ blocks: inout Transcript.Blocks,
        isFirst: Bool
    ) -> Message.ID? {
        var last: Message.ID?
        for message in messages {
            switch message.role {
            case .user: blocks.ask(message.content.text)
            case .assistant:
                guard let block = blocks.answer(message.content.text) else { continue }
                if !isFirst || last != nil { text.append(UInt8(ascii: "\n")) }
                text += block.utf8
                last = message.id
            case .tool, .system: continue
            }
        }
        return last
    }

    private func page(of conversation: StoredConversation, after message: Message.ID?) async throws -> Page<Message> {
        var request = Messages.List(
            conversation: conversation.id,
            limit: Self.pageSize,
            offset: 0,
            order: .ascending
        )
        request.after = message
        return try await list(request, of: conversation)
    }

    private func list(_ request: Messages.List, of conversation: StoredConversation) async throws -> Page<Message> {
        try await store.listMessages(request, of: Principal(user: conversation.user)).get()
    }

    /// Runs work that blocks on a thread for files.
    private func blocking<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(work)
    }
}
