import Synchronization

/// The signatures of the owners whose memories were searched last, limited in size.
///
/// Commits change it in their order on the writer's thread. A list that is read from a snapshot is added only if no commit
/// changed the owner's memories since the snapshot was requested.
final class SignatureCache: Sendable {
    /// Maximum size of all lists, in bytes.
    static let defaultLimit = 64 * 1024 * 1024
    /// Number of owners whose last change is known.
    private static let changeLimit = 4096

    private struct Entry {
        var list: SignatureList
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Int64: Entry] = [:]
        var bytes = 0
        var uses: UInt64 = 0
        /// Number of changes so far.
        var version: UInt64 = 0
        /// The number of the last change of each owner; before `oldestKnown` it is unknown.
        var changes: [Int64: UInt64] = [:]
        var oldestKnown: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = defaultLimit) {
        self.limit = limit
    }

    /// Size of all lists, in bytes.
    var bytes: Int { state.withLock { $0.bytes } }

    /// To be taken before the snapshot is requested from which a list is read.
    var version: UInt64 { state.withLock { $0.version } }

    func find(_ owner: Int64, model: Int64) -> SignatureList? {
        state.withLock { state in
            guard let list = state.entries[owner]?.list, list.model == model else { return nil }
            state.uses += 1
            state.entries[owner]?.lastUse = state.uses
            return list
        }
    }

    /// Adds a list that was read from a snapshot, unless it may be outdated.
    func add(_ list: SignatureList, of owner: Int64, readAt version: UInt64) {
        state.withLock { state in
            guard version >= state.oldestKnown, state.changes[owner].map({ $0 <= version }) ?? true else { return }
            state.uses += 1
            remove(owner, &state)
            state.entries[owner] = Entry(list: list, lastUse: state.uses)
            state.bytes += list.bytes
            evict(&state)
        }
    }

    /// Applies a commit that embedded memories.
    func didEmbed(_ signatures: [(memory: Int64, words: [UInt64])], of owner: Int64, model: Int64) {
        guard !signatures.isEmpty else { return }
        change(owner) { list in
            for (memory, words) in signatures {
                if list.model == model { list.set(words, of: memory) } else { list.remove(memory) }
            }
        }
    }

    /// Applies a commit that deleted the embeddings of memories.
    func didRemove(_ memories: [Int64], of owner: Int64) {
        guard !memories.isEmpty else { return }
        change(owner) { list in
            for memory in memories { list.remove(memory) }
        }
    }

    /// Applies a commit that took all memories from an owner.
    func didClear(_ owner: Int64) {
        state.withLock { state in
            note(owner, &state)
            remove(owner, &state)
        }
    }

    private func change(_ owner: Int64, _ body: (inout SignatureList) -> Void) {
        state.withLock { state in
            note(owner, &state)
            // Taken out, so that the list is changed in place.
            guard var entry = state.entries.removeValue(forKey: owner) else { return }
            state.bytes -= entry.list.bytes
            body(&entry.list)
            state.bytes += entry.list.bytes
            state.entries[owner] = entry
            evict(&state)
        }
    }

    private func note(_ owner: Int64, _ state: inout State) {
        state.version += 1
        if state.changes.count >= Self.changeLimit, state.changes[owner] == nil {
            state.changes = [:]
            state.oldestKnown = state.version
        }
        state.changes[owner] = state.version
    }

    private func remove(_ owner: Int64, _ state: inout State) {
        if let entry = state.entries.removeValue(forKey: owner) { state.bytes -= entry.list.bytes }
    }

    private func evict(_ state: inout State) {
        while state.bytes > limit, state.entries.count > 1,
            let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            remove(oldest.key, &state)
        }
    }
}
