import Contracts
import GRDB
import Logging
import ServiceLifecycle

/// Periodically deletes rows that have expired.
struct Maintenance: Service {
    private static let interval = Duration.seconds(300)
    /// Maximum number of rows per transaction, so that other writes are not delayed.
    private static let batch = 500

    let database: Database
    /// Number of days for which usage is stored; 0 for unlimited.
    let usageDays: Int

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.deleteExpired(at: .now())
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    func deleteExpired(at moment: Timestamp) async {
        await delete("request keys") { try IdempotencyKeyRows.deleteExpired(at: moment, limit: Self.batch, in: $0) }
        await delete("batches") { try UsageBatchRows.deleteExpired(at: moment, limit: Self.batch, in: $0) }
        guard usageDays > 0 else { return }
        let first = Day(number: Day(moment).number - usageDays)
        await delete("usage") { try UsageRows.delete(before: first, limit: Self.batch, in: $0) }
    }

    /// Deletes in batches until nothing is left; `work` returns the number of deleted rows.
    private func delete(_ what: String, _ work: @escaping @Sendable (GRDB.Database) throws -> Int) async {
        do {
            while try await database.write({ try work($0) }) == Self.batch {}
        } catch {
            Logger.current.warning(
                "Expired rows not deleted; retrying later",
                metadata: ["rows": "\(what)", "error": "\(error)"]
            )
        }
    }
}
