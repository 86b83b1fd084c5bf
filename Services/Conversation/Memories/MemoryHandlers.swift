import Bus
import Contracts

/// Handles the endpoints for memories; the owner is always the principal.
struct MemoryHandlers: Sendable {
    let store: any MemoryStore
    let search: MemorySearch
    let purge: BackgroundPurge
    var now: @Sendable () -> Timestamp = { .now() }

    func list(_ request: Memories.List, _ context: CallContext) async throws -> Page<Memory> {
        guard request.limit >= 0, request.offset >= 0 else {
            throw Fault(.invalid, "`limit` and `offset` must not be negative.")
        }
        return try await store.listMemories(
            of: context.requirePrincipal().user,
            limit: request.limit,
            offset: request.offset
        )
    }

    func find(_ request: Memories.Find, _ context: CallContext) async throws -> Memory {
        try await store.findMemory(request.id, of: context.requirePrincipal().user).get()
    }

    func create(_ request: Memories.Create, _ context: CallContext) async throws -> Memories.Created {
        let origin = MemoryOrigin(user: try context.requirePrincipal().user, source: .user, moment: now())
        return try await create(NewMemory(origin: origin, text: try MemoryText(request.text), key: request.key))
    }

    /// Stores a memory, which is embedded afterwards.
    func create(_ new: NewMemory) async throws -> Memories.Created {
        let created = try await store.createMemory(new).get()
        if created.isNew { search.embeddings?.start() }
        return created
    }

    func change(_ request: Memories.Change, _ context: CallContext) async throws -> Memory {
        let text = try MemoryText(request.text)
        let user = try context.requirePrincipal().user
        let memory = try await store.changeMemory(request.id, to: text, of: user, at: now()).get()
        search.embeddings?.start()
        return memory
    }

    func delete(_ request: Memories.Delete, _ context: CallContext) async throws -> Memories.Deleted {
        try await store.deleteMemory(request.id, of: context.requirePrincipal().user).get()
        return Memories.Deleted(count: 1)
    }

    func clear(_ request: Memories.Clear, _ context: CallContext) async throws -> Memories.Deleted {
        let count = try await store.clearMemories(of: context.requirePrincipal().user)
        if count > 0 { purge.start() }
        return Memories.Deleted(count: count)
    }

    func find(_ request: Memories.Search, _ context: CallContext) async throws -> [Memory] {
        guard Memories.Search.limits.contains(request.limit) else {
            let limits = Memories.Search.limits
            throw Fault(.invalid, "`limit` must be from \(limits.lowerBound) to \(limits.upperBound).")
        }
        guard (1...Memories.Search.maxBytes).contains(request.query.utf8.count) else {
            throw Fault(.invalid, "The query must have 1 to \(Memories.Search.maxBytes) bytes.")
        }
        let user = try context.requirePrincipal().user
        return try await search.find(request.query, of: user, limit: request.limit, breadth: .related, context)
    }
}
