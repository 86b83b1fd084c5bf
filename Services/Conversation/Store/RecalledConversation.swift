import Contracts

/// What is needed to continue a conversation.
struct RecalledConversation: Sendable {
    var conversation: StoredConversation
    var persona: StoredPersona
    var history: RecalledHistory
    /// The queued runs of this process in the order of their turns, which are started when the conversation is loaded
    /// after a restart.
    var queued: [QueuedRun]

    /// A stored turn that is not started.
    struct QueuedRun: Sendable {
        var run: Run
        var question: Message
        var options: Run.Options?
        var apiKey: APIKey.ID?
    }
}

/// The newest messages of a path, limited in number and bytes.
struct RecalledHistory: Sendable {
    /// Maximum number of messages.
    static let messageLimit = 1000
    /// Size of the texts above which no older message is read, in bytes.
    static let byteLimit = 512 * 1024

    /// Oldest first.
    var messages: [Message]
    /// Number of older messages on the path.
    var olderCount: Int
    /// The version of the conversation's paths at which they were read; `nil` if their path is not the selected one.
    var pathVersion: Int?
}
