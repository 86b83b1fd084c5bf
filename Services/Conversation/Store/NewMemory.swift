import Contracts

/// A memory to be stored.
struct NewMemory: Sendable {
    var origin: MemoryOrigin
    var text: MemoryText
    /// The client's idempotency key.
    var key: String?

    /// The key with its scope; `nil` without a key.
    var idempotencyKey: IdempotencyKey? { key.map { IdempotencyKey(route: "memories", key: $0) } }

    /// The scope of the idempotency keys of a user.
    static func scope(of user: String) -> String { "memories of \(user)" }
}

/// Whose a memory is, who created it, and from what.
struct MemoryOrigin: Sendable, Hashable {
    var user: String
    var source: Memory.Source
    var conversation: Conversation.ID?
    var message: Message.ID?
    var moment: Timestamp
}

/// What is stored of a request to create a memory, until its idempotency key expires.
struct MemoryRequestRecord: Codable, Sendable, Equatable {
    var memory: Memory.ID
    /// A hash of the text, which does not outlive the memory.
    var text: Int64

    init(_ memory: Memory.ID, _ text: MemoryText) {
        self.memory = memory
        self.text = FoldedText.hash(text.text.utf8)
    }
}
