import Contracts

extension SQLiteStore: KeyStore {
    func createKey(_ new: NewKey, limit: Int) async throws -> Result<KeyCreation, Fault> {
        try await database.write { connection throws(StoreError) in
            if let repeated = try Self.repeatedKey(new, connection) { return .success(.repeated(repeated)) }
            guard try KeyRows.count(of: new.key.user, connection) < limit else {
                return .failure(
                    Fault(.conflict, "\(new.key.user) already has \(limit) keys, the maximum. Revoke one first.")
                )
            }
            try KeyRows.insert(new.key, digest: new.digest, connection)
            if let request = new.request {
                try RequestKeyRows.set(
                    scope: request.scope,
                    request.idempotencyKey,
                    to: try ColumnCoding.encode(request.record),
                    at: new.key.createdAt,
                    connection
                )
            }
            let number = try Counters.next(.accessChanges, connection)
            return .success(.created(AccessChange(value: new.key, number: number)))
        }
    }

    func listKeys(of user: String?, limit: Int, offset: Int) async throws -> Page<APIKey> {
        try await database.read { connection throws(StoreError) in
            try KeyRows.list(user: user, limit: limit, offset: offset, connection)
        }
    }

    func changeKey(
        _ id: APIKey.ID,
        _ change: KeyChange,
        by principal: Principal
    ) async throws -> Result<AccessChange<APIKey>, Fault> {
        try await database.write { connection throws(StoreError) in
            guard let key = try KeyRows.find(id, connection), key.isManaged(by: principal) else {
                return .failure(.missingKey)
            }
            guard key.role <= principal.role else {
                return .failure(Fault(.forbidden, "Only an admin may change an admin's key."))
            }
            let changed = change.applied(to: key)
            try KeyRows.update(changed, connection)
            let number = try Counters.next(.accessChanges, connection)
            return .success(AccessChange(value: changed, number: number))
        }
    }

    func revokeKey(_ id: APIKey.ID, by principal: Principal) async throws -> Result<AccessChange<APIKey>, Fault> {
        try await database.write { connection throws(StoreError) in
            guard let key = try KeyRows.find(id, connection), key.isManaged(by: principal) else {
                return .failure(.missingKey)
            }
            try KeyRows.delete(id, connection)
            try QuotaRows.delete(.key(id), connection)
            let number = try Counters.next(.accessChanges, connection)
            return .success(AccessChange(value: key, number: number))
        }
    }

    func findKey(digest: String) async throws -> APIKey? {
        try await database.read { connection throws(StoreError) in try KeyRows.find(digest: digest, connection) }
    }

    func findKeys(_ ids: [APIKey.ID]) async throws -> [APIKey] {
        try await database.read { connection throws(StoreError) in
            var keys: [APIKey] = []
            for id in ids {
                if let key = try KeyRows.find(id, connection) { keys.append(key) }
            }
            return keys
        }
    }

    func recordUse(of key: APIKey.ID, at moment: Timestamp) async throws {
        try await database.write { connection throws(StoreError) in
            try KeyRows.setLastUse(of: key, at: moment, connection)
        }
    }

    func accessState() async throws -> AccessState {
        try await database.read { connection throws(StoreError) in
            AccessState(
                limited: try QuotaRows.subjects(connection),
                runLimits: try KeyRows.runLimits(connection),
                lastChange: try Counters.value(of: .accessChanges, connection)
            )
        }
    }

    /// Returns the key that an earlier request with the same idempotency key created.
    private static func repeatedKey(_ new: NewKey, _ connection: Connection) throws(StoreError) -> RepeatedKey? {
        guard let request = new.request,
            let stored = try RequestKeyRows.find(scope: request.scope, request.idempotencyKey, connection)
        else { return nil }
        let record = try ColumnCoding.decode(KeyRequestRecord.self, stored)
        return RepeatedKey(
            record: record,
            key: try KeyRows.find(record.key, connection),
            digest: try KeyRows.digest(of: record.key, connection)
        )
    }
}
