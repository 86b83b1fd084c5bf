import Foundation
import GRDB
import Logging
import Metrics
import Synchronization

/// Limits the size of the write-ahead log.
///
/// SQLite restarts the log only when no reader uses it. With overlapping readers that never happens, and the log grows
/// without limit. Above `limit`, this type blocks new readers until a truncating checkpoint has run.
final class WALCheckpointer: Sendable {
    /// Interval between checks of the size.
    private static let interval = Duration.milliseconds(100)
    /// Delay before the next checkpoint while another process, such as a backup, reads the database.
    private static let retryInterval = Duration.seconds(1)
    /// How long a checkpoint waits for another process, in milliseconds.
    private static let busyTimeoutMilliseconds = 100

    private let path: String
    private let limit: Int
    private let size = Gauge(label: "conversation.store.wal.bytes")
    private let next = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - path: the path of the database file.
    ///   - limit: size above which the log is truncated, in bytes.
    init(of path: String, limit: Int) {
        self.path = path + "-wal"
        self.limit = limit
    }

    /// Truncates the log if it is too large; called after each commit.
    func checkpointIfNeeded(_ pool: DatabasePool, now: ContinuousClock.Instant = .now) {
        let isDue = next.withLock { next in
            guard now >= next else { return false }
            next = now + Self.interval
            return true
        }
        guard isDue else { return }
        do {
            let bytes = try bytes()
            size.record(bytes)
            guard bytes > limit else { return }
        } catch {
            return Logger.current.debug("Size of the write-ahead log unknown", metadata: ["error": "\(error)"])
        }
        next.withLock { $0 = now + Self.retryInterval }
        pool.asyncBarrierWriteWithoutTransaction { result in
            do {
                try self.truncate(result.get())
                self.next.withLock { $0 = .now + Self.interval }
            } catch {
                Logger.current.debug("Write-ahead log not truncated", metadata: ["error": "\(error)"])
            }
        }
    }

    private func truncate(_ database: GRDB.Database) throws {
        try database.execute(sql: "PRAGMA busy_timeout = \(Self.busyTimeoutMilliseconds)")
        defer { restoreBusyTimeout(database) }
        try database.checkpoint(.truncate)
    }

    private func restoreBusyTimeout(_ database: GRDB.Database) {
        do {
            try database.execute(sql: "PRAGMA busy_timeout = \(Database.busyTimeoutMilliseconds)")
        } catch {
            Logger.current.error("Busy timeout not restored", metadata: ["error": "\(error)"])
        }
    }

    private func bytes() throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
