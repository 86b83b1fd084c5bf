import Bus
import Contracts
import HTTP
import JSON
import NIOCore
import NIOHTTP1

/// The list of a user's conversations with all their messages; read and written page by page, so that its length does not
/// matter.
struct ChatAIConversationList: Sendable {
    private static let conversationLimit = 50
    private static let messageLimit = 200
    /// Size above which the list is written, in bytes.
    private static let chunkBytes = 64 * 1024

    let conversations: any Bus
    let call: CallContext

    /// Returns the response after the first page has been read, so that an error before it has a status.
    func response() async throws -> Response {
        let first = try await page(after: nil)
        return Response(
            status: .ok,
            headers: ["content-type": "application/json"],
            body: .stream { writer in
                var json = ByteBuffer()
                json.writeStaticString("[")
                var page = first
                var isFirst = true
                while true {
                    for conversation in page.items {
                        // Deleted since the page was read.
                        guard let messages = try await messages(of: conversation) else { continue }
                        if !isFirst { json.writeStaticString(",") }
                        isFirst = false
                        try await write(conversation, messages, to: &json, writer)
                    }
                    guard let cursor = page.next else { break }
                    page = try await self.page(after: cursor)
                }
                json.writeStaticString("]")
                try await writer.write(json)
                try await writer.finish()
            }
        )
    }

    private func write(
        _ conversation: Conversation,
        _ first: Page<Message>,
        to json: inout ByteBuffer,
        _ writer: ResponseWriter
    ) async throws {
        json.writeString("{\"id\":\"\(conversation.id)\",\"messages\":[")
        var page = first
        var isFirst = true
        while true {
            for message in page.items where message.isTalk {
                if !isFirst { json.writeStaticString(",") }
                isFirst = false
                var member = JSONWriter()
                member.chatAIMessage(message) { ChatAITimestamp.stored($0) }
                json.writeImmutableBuffer(member.buffer)
                if json.readableBytes > Self.chunkBytes {
                    try await writer.write(json)
                    json = ByteBuffer()
                }
            }
            guard page.next != nil, let last = page.items.last,
                let next = try await messages(of: conversation, after: last.id)
            else { break }
            page = next
        }
        json.writeString("],\"created_at\":\"\(ChatAITimestamp.stored(conversation.createdAt))\"}")
    }

    private func page(after cursor: String?) async throws -> Page<Conversation> {
        let list = Conversations.List(
            persona: Persona.BuiltIn.chat,
            limit: Self.conversationLimit,
            offset: 0,
            cursor: cursor,
            order: .creation
        )
        return try await conversations.call(list, call)
    }

    /// Returns the first page of a conversation's messages; `nil` if the conversation was deleted.
    private func messages(of conversation: Conversation) async throws -> Page<Message>? {
        guard conversation.messageCount > 0 else { return Page(items: [], total: 0) }
        return try await messages(of: conversation, after: nil)
    }

    /// Returns a page of a conversation's messages; `nil` if the conversation was deleted.
    private func messages(of conversation: Conversation, after last: Message.ID?) async throws -> Page<Message>? {
        let list = Messages.List(
            conversation: conversation.id,
            limit: Self.messageLimit,
            offset: 0,
            order: .ascending,
            after: last
        )
        do {
            return try await conversations.call(list, call)
        } catch let fault as Fault where fault.code == .missing {
            return nil
        }
    }
}
