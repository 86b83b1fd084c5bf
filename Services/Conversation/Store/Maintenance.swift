import Contracts
import GRDB
import Logging
import ServiceLifecycle

/// Lets go, now and then, of what is kept for a time only.
struct Maintenance: Service {
    private static let interval = Duration.seconds(300)
    /// How many rows go at a time, so that nobody waits for it.
    private static let batch = 500

    let database: Database
    /// How many days usage is kept; 0: for ever.
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

    /// Deletes as long as there is something; `work` answers how many rows went.
    private func delete(_ what: String, _ work: @escaping @Sendable (GRDB.Database) throws -> Int) async {
        do {
            while try await database.write({ try work($0) }) == Self.batch {}
        } catch {
            Logger.current.warning(
                "Old rows not deleted; trying later",
                metadata: ["rows": "\(what)", "error": "\(error)"]
            )
        }
    }
}
