import Contracts

extension SQLiteStore: MemoryStore {
    /// Maximum number of memories that a commit of the purge deletes.
    private static let memoryPurgeCount = 100
    private static let missingMemory = Fault(.missing, "Memory not found")

    /// Reads which users have memories; called once, at startup.
    func loadMemoryOwners() async throws {
        try await database.read { connection throws(StoreError) in
            try MemoryOwnerRows.eachUser(connection) { memoryOwners.insert($0) }
        }
    }

    func mayHaveMemories(_ user: String) -> Bool { memoryOwners.mayContain(user) }

    var mayHaveMemories: Bool { !memoryOwners.isEmpty }

    func listMemories(of user: String, limit: Int, offset: Int) async throws -> Page<Memory> {
        try await database.read { connection throws(StoreError) in
            guard let owner = try MemoryOwnerRows.find(user, connection) else { return Page(items: [], total: 0) }
            let items = try MemoryRows.list(owner: owner.number, limit: limit, offset: offset, connection)
            return Page(items: items.map(\.memory), total: owner.memoryCount)
        }
    }

    func findMemory(_ id: Memory.ID, of user: String) async throws -> Result<Memory, Fault> {
        try await database.read { connection throws(StoreError) in
            guard let found = try Self.find(id, of: user, connection) else { return .failure(Self.missingMemory) }
            return .success(found.stored.memory)
        }
    }

    func createMemory(_ new: NewMemory) async throws -> Result<Memories.Created, Fault> {
        try await database.write({ connection throws(StoreError) in
            if let repeated = try Self.repeatedCreation(new, connection) { return repeated }
            let result = try Self.create(new.text, new.origin, connection)
            if case .success(let created) = result, let key = new.idempotencyKey {
                try RequestKeyRows.set(
                    scope: NewMemory.scope(of: new.origin.user),
                    key,
                    to: try ColumnCoding.encode(MemoryRequestRecord(created.memory.id, new.text)),
                    at: new.origin.moment,
                    connection
                )
            }
            return result
        }) { result in
            if case .success = result { memoryOwners.insert(new.origin.user) }
        }
    }

    /// Returns the result of the earlier request with the same idempotency key.
    private static func repeatedCreation(
        _ new: NewMemory,
        _ connection: Connection
    ) throws(StoreError) -> Result<Memories.Created, Fault>? {
        let user = new.origin.user
        guard let key = new.idempotencyKey,
            let result = try RequestKeyRows.find(scope: NewMemory.scope(of: user), key, connection)
        else { return nil }
        let record = try ColumnCoding.decode(MemoryRequestRecord.self, result)
        guard record == MemoryRequestRecord(record.memory, new.text) else {
            return .failure(
                Fault(.keyReused, "This Idempotency-Key was used for another text. Use a new key for each request.")
            )
        }
        guard let found = try find(record.memory, of: user, connection) else {
            return .failure(Fault(.missing, "The memory of this Idempotency-Key was deleted."))
        }
        return .success(Memories.Created(memory: found.stored.memory, isNew: false))
    }

    private static func create(
        _ text: MemoryText,
        _ origin: MemoryOrigin,
        _ connection: Connection
    ) throws(StoreError) -> Result<Memories.Created, Fault> {
        if let owner = try MemoryOwnerRows.find(origin.user, connection) {
            if let same = try MemoryRows.find(same: text, owner: owner.number, connection) {
                return .success(Memories.Created(memory: same.memory, isNew: false))
            }
            guard owner.memoryCount < Memory.maxCount else { return .failure(.tooManyMemories) }
        }
        let owner = try MemoryOwnerRows.take(origin.user, connection)
        let stored = try MemoryRows.insert(text, of: origin, owner: owner.number, connection)
        try MemoryOwnerRows.add(1, to: owner.number, connection)
        return .success(Memories.Created(memory: stored.memory, isNew: true))
    }

    func changeMemory(
        _ id: Memory.ID,
        to text: MemoryText,
        of user: String,
        at moment: Timestamp
    ) async throws -> Result<Memory, Fault> {
        try await changing { connection, change throws(StoreError) in
            guard let found = try Self.find(id, of: user, connection) else { return .failure(Self.missingMemory) }
            let same = try MemoryRows.find(same: text, owner: found.owner, connection)
            guard same == nil || same?.number == found.stored.number else {
                return .failure(Fault(.conflict, "Another memory has the same text."))
            }
            change.removed(found.stored.number, of: found.owner)
            return .success(
                try MemoryRows.update(found.stored, to: text, owner: found.owner, at: moment, connection)
            )
        }
    }

    func deleteMemory(_ id: Memory.ID, of user: String) async throws -> Result<Void, Fault> {
        try await changing { connection, change throws(StoreError) in
            guard let found = try Self.find(id, of: user, connection) else { return .failure(Self.missingMemory) }
            change.removed(found.stored.number, of: found.owner)
            try MemoryRows.delete(found.stored, owner: found.owner, connection)
            try MemoryOwnerRows.add(-1, to: found.owner, connection)
            return .success(())
        }
    }

    func clearMemories(of user: String) async throws -> Int {
        let cleared = try await database.write({ connection throws(StoreError) -> MemoryOwnerRows.Owner? in
            guard let owner = try MemoryOwnerRows.find(user, connection) else { return nil }
            try MemoryOwnerRows.release(owner.number, connection)
            return owner
        }) { owner in
            if let owner { signatures.didClear(owner.number) }
        }
        return cleared?.memoryCount ?? 0
    }

    func purgeMemories() async throws -> Bool {
        let owner = try await database.read { connection throws(StoreError) in
            try MemoryOwnerRows.firstReleased(connection)
        }
        guard let owner else { return false }
        try await database.write { connection throws(StoreError) in
            let rows = try MemoryRows.list(owner: owner, limit: Self.memoryPurgeCount, offset: 0, connection)
            for row in rows { try MemoryRows.delete(row, owner: owner, connection) }
            if rows.count < Self.memoryPurgeCount { try MemoryOwnerRows.delete(owner, connection) }
        }
        return true
    }

    /// Returns a memory of a user with the number of its owner.
    static func find(
        _ id: Memory.ID,
        of user: String,
        _ connection: Connection
    ) throws(StoreError) -> (stored: MemoryRows.Stored, owner: Int64)? {
        guard let owner = try MemoryOwnerRows.find(user, connection),
            let stored = try MemoryRows.find(id, owner: owner.number, connection)
        else { return nil }
        return (stored, owner.number)
    }
}

extension Fault {
    static let tooManyMemories = Fault(
        .conflict,
        "The user already has \(Memory.maxCount) memories, the maximum. Delete one first."
    )
}
