import Contracts

/// Deletes rows that are no longer needed, in commits that are short enough not to delay other writes.
///
/// Each function deletes up to `limit` rows and returns how many it deleted.
protocol MaintenanceStore: Sendable {
    /// Deletes idempotency keys that were stored until a moment.
    func deleteRequestKeys(storedUntil moment: Timestamp, limit: Int) async throws -> Int

    /// Deletes the ids of usage batches that were stored until a moment.
    func deleteUsageBatches(storedUntil moment: Timestamp, limit: Int) async throws -> Int

    /// Deletes usage before a day.
    func deleteUsage(before day: Day, limit: Int) async throws -> Int
}
