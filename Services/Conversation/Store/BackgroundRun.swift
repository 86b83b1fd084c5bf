import Contracts

/// A run that answers no message, such as one for a title.
struct BackgroundRun: Sendable {
    var run: Run.ID
    var conversation: Conversation.ID
    /// What it is for, such as `title`.
    var purpose: String
    var options: Run.Options?
    var moment: Timestamp
}
