import Contracts

/// A row of `conversations`.
struct ConversationRow {
    /// The values of `state`.
    enum State: Int {
        case stored = 0
        case importing = 1
        case deleted = 2
    }

    var number: Int64 = 0
    var stored: StoredConversation
    /// When it was last used, for the order of lists.
    var usedAt: Timestamp
    /// Number of its selected path.
    var path: Int64
    /// Number of changes of the selected path, apart from new messages at its end.
    var pathVersion = 0
    var pathCount = 1

    /// When the user last marked it as read.
    var readAt: Timestamp?

    /// Whether the user has read a message: who sends a message has read those before it.
    func hasRead(_ message: Message) -> Bool {
        guard message.role == .assistant, message.isTalk, message.createdAt >= usedAt else { return true }
        return readAt.map { message.createdAt <= $0 } ?? false
    }

    /// Returns a message with ``Message/isRead``.
    func withReadMark(_ message: Message) -> Message {
        var message = message
        message.isRead = hasRead(message)
        return message
    }

    /// Whether messages may have siblings.
    var hasBranches: Bool { pathCount > 1 }
}
