import Contracts
import GRDB

/// Who may see a conversation: its user, nobody else.
enum ConversationAccess {
    /// Throws `forbidden` for somebody else's.
    static func check(_ conversation: StoredConversation, by principal: Principal) throws {
        // By bytes, as the store compares: two spellings of a name that look alike are two users.
        guard conversation.user.utf8.elementsEqual(principal.user.utf8) else {
            throw Fault(.forbidden, "Not your conversation")
        }
    }

    /// Finds the principal's conversation.
    ///
    /// Throws `missing`, and `forbidden` for somebody else's.
    @discardableResult
    static func check(
        _ id: Conversation.ID,
        by principal: Principal,
        in database: GRDB.Database
    ) throws -> StoredConversation {
        guard let conversation = try ConversationRows.find(id, in: database) else {
            throw Fault(.missing, "Conversation not found")
        }
        try check(conversation, by: principal)
        return conversation
    }
}
