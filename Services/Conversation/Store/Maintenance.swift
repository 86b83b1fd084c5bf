import Contracts
import Logging
import ServiceLifecycle

/// Periodically deletes rows that have expired.
struct Maintenance: Service {
    /// Minimum time for which an idempotency key is stored, in microseconds.
    static let keyLifetime: Int64 = 24 * 3600 * 1_000_000
    /// Minimum time for which the id of a usage batch is stored, in microseconds; gateways repeat a batch within seconds.
    static let batchLifetime: Int64 = 7 * 86_400_000_000
    private static let interval = Duration.seconds(300)
    /// How long nothing is deleted after the system clock was set, so that a key is repeatable for its whole lifetime.
    private static let pauseAfterJump = Duration.seconds(24 * 3600)
    /// How long nothing is deleted after the start, because the clock may have been set before.
    private static let initialPause = Duration.seconds(3600)
    /// Maximum number of rows per transaction, so that other writes are not delayed.
    private static let batch = 500

    let store: any MaintenanceStore
    /// Number of days for which usage is stored; 0 for unlimited.
    let usageDays: Int

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var clock = ClockJumpDetector(pause: Self.pauseAfterJump, initialPause: Self.initialPause, now: .now())
            while !Task.isCancelled {
                if clock.mayExpire(at: .now()) { await self.deleteExpired(at: .now()) }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    func deleteExpired(at moment: Timestamp) async {
        let (lastKey, lastBatch) = (moment.advanced(by: -Self.keyLifetime), moment.advanced(by: -Self.batchLifetime))
        await delete("request keys") { try await store.deleteRequestKeys(storedUntil: lastKey, limit: $0) }
        await delete("batches") { try await store.deleteUsageBatches(storedUntil: lastBatch, limit: $0) }
        guard usageDays > 0 else { return }
        let first = Day(number: Day(moment).number - usageDays)
        await delete("usage") { try await store.deleteUsage(before: first, limit: $0) }
    }

    /// Deletes in batches until nothing is left; `deleteRows` receives the size of a batch and returns the number of
    /// deleted rows.
    private func delete(_ rows: String, _ deleteRows: (Int) async throws -> Int) async {
        do {
            while try await deleteRows(Self.batch) == Self.batch {}
        } catch {
            Logger.current.warning(
                "Expired rows not deleted; retrying later",
                metadata: ["rows": "\(rows)", "error": "\(error)"]
            )
        }
    }
}

extension Timestamp {
    fileprivate func advanced(by microseconds: Int64) -> Timestamp {
        Timestamp(microseconds: self.microseconds + microseconds)
    }
}
