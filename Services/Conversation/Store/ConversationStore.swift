import Contracts

/// Stores conversations, their messages and their paths.
///
/// What is decided inside a commit is decided by the store. A request that cannot be carried out, for example because
/// the conversation belongs to another user, is a value; a function throws only if the store fails. Every change is on
/// disk when its function returns.
///
/// A conformer must pass `ConversationStoreSuite`.
protocol ConversationStore: Sendable {
    /// Returns the user's most recently used conversation with a persona, or creates one with the persona's greeting.
    ///
    /// Refusals: `missing` if there is no such persona, `forbidden` if it does not answer and the user has no conversation
    /// with it, `key_reused`.
    func openConversation(_ opening: ConversationOpening) async throws -> Result<Conversations.Opened, Fault>

    /// Returns a conversation; `principal` is `nil` for one of any user.
    ///
    /// Refusals: `missing`, `forbidden`.
    func findConversation(_ id: Conversation.ID, of principal: Principal?) async throws -> Result<Conversation, Fault>

    /// Returns a page of a user's conversations in the requested order.
    ///
    /// Refusals: `invalid` for a cursor that no page returned, and for the order of creation without a persona.
    func listConversations(
        _ request: Conversations.List,
        of user: String
    ) async throws -> Result<Page<Conversation>, Fault>

    /// Returns the user's most recently used conversation with a persona; `nil` if there is none.
    func latestConversation(of user: String, with persona: Persona.ID) async throws -> StoredConversation?

    /// Returns up to `limit` users who have a conversation with a persona, in the order of the bytes of their names.
    ///
    /// `user`: the last one of the page before.
    func users(with persona: Persona.ID, after user: String?, limit: Int) async throws -> [String]

    /// Hides a conversation from everyone and returns the number of its messages on all paths.
    ///
    /// Its rows are deleted by ``purgeConversations()``. Runs that are still in progress can no longer be changed.
    /// Refusals: `missing`, `forbidden`.
    func deleteConversation(_ id: Conversation.ID, of principal: Principal) async throws -> Result<Int, Fault>

    /// Deletes a bounded number of rows of deleted conversations and of imports that were not completed by an earlier
    /// process; returns whether there are more.
    func purgeConversations() async throws -> Bool

    /// Stores a conversation that was held elsewhere: nothing of it is visible before all of it is stored.
    ///
    /// A conversation with the same id is returned unchanged. Refusals: `conflict` if it belongs to another user.
    func importConversation(
        _ imported: ImportedConversation,
        of principal: Principal
    ) async throws -> Result<Conversations.Imported, Fault>

    /// Records that the user has read a conversation, and returns the latest moment until which it was read.
    ///
    /// Refusals: `missing`, `forbidden`.
    func markRead(
        _ id: Conversation.ID,
        of principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Timestamp, Fault>

    /// Returns the number of stored objects of all users.
    func countObjects() async throws -> Conversations.Statistics

    /// Returns a page of the messages on the selected path.
    ///
    /// Refusals: `missing`, `forbidden`.
    func listMessages(_ request: Messages.List, of principal: Principal) async throws -> Result<Page<Message>, Fault>

    /// Returns a page of the siblings of a message, itself included, oldest first.
    ///
    /// Refusals: `missing`, `forbidden`.
    func listSiblings(
        _ request: Messages.Siblings,
        of principal: Principal
    ) async throws -> Result<Page<Message>, Fault>

    /// Selects the path through a message that was last selected there, and returns its newest messages.
    ///
    /// Runs in progress are not affected. Refusals: `missing`, `forbidden`.
    func selectPath(
        _ request: Messages.Select,
        of principal: Principal,
        at moment: Timestamp
    ) async throws -> Result<Page<Message>, Fault>
}

/// A request to open a conversation.
struct ConversationOpening: Sendable {
    var user: String
    var persona: Persona.ID
    /// Whether to create another conversation even if one exists.
    var opensAnother: Bool
    /// The client's idempotency key.
    var key: String?
    var moment: Timestamp
}
