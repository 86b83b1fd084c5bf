import Contracts
import GRDB

/// Checks that a conversation belongs to the principal; only its user may access it.
enum ConversationAccess {
    /// Throws `forbidden` if the conversation belongs to another user.
    static func check(_ conversation: StoredConversation, by principal: Principal) throws {
        // Compares bytes, as the database does: user names that differ only in Unicode normalization are different
        // users.
        guard conversation.user.utf8.elementsEqual(principal.user.utf8) else {
            throw Fault(.forbidden, "Not your conversation")
        }
    }

    /// Returns the principal's conversation.
    ///
    /// Throws `missing` if it does not exist, and `forbidden` if it belongs to another user.
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
