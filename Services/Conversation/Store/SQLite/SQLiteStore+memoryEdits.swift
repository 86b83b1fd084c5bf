import Contracts

/// The embeddings that a commit deleted.
struct MemoryChange: Sendable {
    private(set) var owner: Int64?
    private(set) var memories: [Int64] = []

    /// Notes a memory whose embedding is deleted; all are of one owner.
    mutating func removed(_ memory: Int64, of owner: Int64) {
        self.owner = owner
        memories.append(memory)
    }
}

extension SQLiteStore {
    /// Runs a write that deletes embeddings, and removes them from the cache after the commit.
    func changing<Value: Sendable>(
        _ work: @escaping @Sendable (Connection, inout MemoryChange) throws(StoreError) -> Value
    ) async throws -> Value {
        try await database.write({ connection throws(StoreError) in
            var change = MemoryChange()
            let value = try work(connection, &change)
            return (value, change)
        }) { _, change in
            if let owner = change.owner { signatures.didRemove(change.memories, of: owner) }
        }.0
    }

    func applyEdits(_ edits: MemoryEdits, to origin: MemoryOrigin) async throws -> Result<MemoryEdits.Applied, Fault> {
        let result = try await changing { connection, change throws(StoreError) in
            try Self.apply(edits, origin, &change, connection)
        }
        if case .success(let applied) = result, applied.added > 0 { memoryOwners.insert(origin.user) }
        return result
    }

    /// Looks everything up first: a refusal writes nothing.
    private static func apply(
        _ edits: MemoryEdits,
        _ origin: MemoryOrigin,
        _ change: inout MemoryChange,
        _ connection: Connection
    ) throws(StoreError) -> Result<MemoryEdits.Applied, Fault> {
        let missing = Fault(.missing, "A memory to be changed does not exist.")
        let found = try MemoryOwnerRows.find(origin.user, connection)
        var (replaced, deleted): ([(MemoryRows.Stored, MemoryText)], [MemoryRows.Stored]) = ([], [])
        var seen: Set<Memory.ID> = []
        for id in edits.deletions {
            guard let owner = found?.number, seen.insert(id).inserted,
                let stored = try MemoryRows.find(id, owner: owner, connection)
            else { return .failure(missing) }
            deleted.append(stored)
        }
        for replacement in edits.replacements {
            guard let owner = found?.number, seen.insert(replacement.id).inserted,
                let stored = try MemoryRows.find(replacement.id, owner: owner, connection)
            else { return .failure(missing) }
            replaced.append((stored, replacement.text))
        }
        guard (found?.memoryCount ?? 0) - deleted.count + edits.additions.count <= Memory.maxCount else {
            return .failure(.tooManyMemories)
        }
        guard !edits.isEmpty else { return .success(MemoryEdits.Applied()) }
        let owner = try MemoryOwnerRows.take(origin.user, connection).number
        var applied = MemoryEdits.Applied()
        for stored in deleted {
            try delete(stored, owner, &change, connection)
            applied.deleted += 1
        }
        for (stored, text) in replaced {
            change.removed(stored.number, of: owner)
            let same = try MemoryRows.find(same: text, owner: owner, connection)
            guard same == nil || same?.number == stored.number else {
                // Another memory has this text already.
                try delete(stored, owner, &change, connection)
                applied.deleted += 1
                continue
            }
            _ = try MemoryRows.update(stored, to: text, owner: owner, at: origin.moment, connection)
            applied.replaced += 1
        }
        for text in edits.additions where try MemoryRows.find(same: text, owner: owner, connection) == nil {
            _ = try MemoryRows.insert(text, of: origin, owner: owner, connection)
            applied.added += 1
        }
        // At the end: an owner without memories is deleted.
        let total = applied.added - applied.deleted
        try MemoryOwnerRows.add(total, to: owner, connection)
        return .success(applied)
    }

    private static func delete(
        _ stored: MemoryRows.Stored,
        _ owner: Int64,
        _ change: inout MemoryChange,
        _ connection: Connection
    ) throws(StoreError) {
        change.removed(stored.number, of: owner)
        try MemoryRows.delete(stored, owner: owner, connection)
    }
}
