import Foundation
import GRDB
import Logging
import Metrics
import Synchronization

/// Keeps the write-ahead log small.
///
/// SQLite begins the log anew only at a moment when nobody reads from it. Where readers overlap without a retryInterval there is
/// no such moment, and the log would grow without end: so beyond a size, readers wait for a moment until it was begun anew.
final class WALCheckpointer: Sendable {
    /// How often its size is looked at.
    private static let interval = Duration.milliseconds(100)
    /// How long it is let be when another program, such as a backup, reads from it.
    private static let retryInterval = Duration.seconds(1)
    /// For how many milliseconds such a program is waited for.
    private static let busyTimeoutMilliseconds = 100

    private let path: String
    private let limit: Int
    private let size = Gauge(label: "conversation.store.wal.bytes")
    private let next = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - path: the database's file.
    ///   - limit: from how many bytes on the log is begun anew.
    init(of path: String, limit: Int) {
        self.path = path + "-wal"
        self.limit = limit
    }

    /// Looks after the log, after a commit.
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
            return Logger.current.debug("Write-ahead log not found", metadata: ["error": "\(error)"])
        }
        next.withLock { $0 = now + Self.retryInterval }
        pool.asyncBarrierWriteWithoutTransaction { result in
            do {
                try self.truncate(result.get())
                self.next.withLock { $0 = .now + Self.interval }
            } catch {
                Logger.current.debug("Write-ahead log not begun anew", metadata: ["error": "\(error)"])
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
            Logger.current.error("Time limit for locks not set", metadata: ["error": "\(error)"])
        }
    }

    private func bytes() throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
