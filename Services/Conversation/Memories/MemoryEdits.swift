import Contracts

/// Changes of a user's memories that are applied together.
struct MemoryEdits: Sendable, Hashable {
    /// A new text for a memory.
    struct Replacement: Sendable, Hashable {
        var id: Memory.ID
        var text: MemoryText
    }

    var additions: [MemoryText] = []
    var replacements: [Replacement] = []
    var deletions: [Memory.ID] = []

    var isEmpty: Bool { additions.isEmpty && replacements.isEmpty && deletions.isEmpty }

    /// How many memories were added, replaced and deleted.
    struct Applied: Sendable, Equatable {
        var added = 0
        var replaced = 0
        var deleted = 0
    }
}
