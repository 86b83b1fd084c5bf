import Contracts
import Logging
import ServiceLifecycle

/// Lets go, now and then, of what is kept for a time only.
struct Housekeeping: Service {
    private static let interval = Duration.seconds(300)
    /// How many rows go at a time, so that nobody waits for it.
    private static let batch = 500

    let database: Database

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.deleteExpiredKeys(at: .now())
                await self.deleteExpiredBatches(at: .now())
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    func deleteExpiredKeys(at moment: Timestamp) async {
        do {
            while try await database.write({
                try RequestKeyRows.deleteExpired(at: moment, limit: Self.batch, in: $0)
            }) == Self.batch {}
        } catch {
            Logger.current.warning("Old request keys not deleted; trying later", metadata: ["error": "\(error)"])
        }
    }

    func deleteExpiredBatches(at moment: Timestamp) async {
        do {
            while try await database.write({
                try UsageBatchRows.deleteExpired(at: moment, limit: Self.batch, in: $0)
            }) == Self.batch {}
        } catch {
            Logger.current.warning("Old batches not forgotten; trying later", metadata: ["error": "\(error)"])
        }
    }
}
