import Contracts

extension SQLiteStore: MaintenanceStore {
    func deleteRequestKeys(storedUntil moment: Timestamp, limit: Int) async throws -> Int {
        try await database.write { connection throws(StoreError) in
            try RequestKeyRows.delete(storedUntil: moment, limit: limit, connection)
        }
    }

    func deleteUsageBatches(storedUntil moment: Timestamp, limit: Int) async throws -> Int {
        try await database.write { connection throws(StoreError) in
            try UsageBatchRows.delete(storedUntil: moment, limit: limit, connection)
        }
    }

    func deleteUsage(before day: Day, limit: Int) async throws -> Int {
        try await database.write { connection throws(StoreError) in
            try UsageRows.delete(before: day, limit: limit, connection)
        }
    }
}
