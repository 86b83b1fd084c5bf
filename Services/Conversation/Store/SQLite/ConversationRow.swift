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

    /// Whether messages may have siblings.
    var hasBranches: Bool { pathCount > 1 }
}
