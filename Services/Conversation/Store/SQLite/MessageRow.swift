import Contracts

/// A row of `messages`, without the content.
struct MessageRow {
    var number: Int64
    var conversation: Int64
    /// The first path it was stored on.
    var path: Int64
    var position: Int
    /// Number of the preceding message; minus the conversation's number if there is none.
    var parent: Int64
    /// Its index among the messages with the same parent and role.
    var sibling: Int
    var id: Message.ID
    var role: Message.Role
    var status: Run.Status
    /// The run that generated the message, or that answers it.
    var run: Run.ID?
}
