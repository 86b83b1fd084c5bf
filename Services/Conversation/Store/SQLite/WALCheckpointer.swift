import Foundation
import GRDB
import Logging
import Metrics
import Synchronization

/// Limits the size of the write-ahead log; no read ever waits for it.
///
/// SQLite's own checkpoints copy the log into the file, and the log restarts from its beginning when no reader uses it.
/// With overlapping readers that never happens, and the log grows without limit. Above `limit`, this type truncates the
/// log on the writing connection, between two commits:
///
/// - While no commit is added, the whole log is copied as soon as the readers of older commits have ended. Readers that
///   begin after that read the file alone, so the log has no reader soon after.
/// - The writer waits for these readers for ``readerTimeoutMilliseconds`` at most. If that was in vain, a reader is
///   slow: the next attempts do not wait at all, for a time that doubles.
///
/// The log cannot be truncated before a slow read has ended. All checkpoints run on the one writing connection, because
/// SQLite before 3.51.3 can corrupt the log when two connections write or checkpoint at the same time.
final class WALCheckpointer: Sendable {
    /// Interval between checks of the size, and between attempts.
    private static let interval = Duration.milliseconds(100)
    /// How long an attempt keeps the writer waiting for readers, in milliseconds.
    private static let readerTimeoutMilliseconds = 50
    /// Time without waiting attempts after one that waited in vain: the first, and the longest.
    private static let pauses = (first: Duration.seconds(1), longest: Duration.seconds(8))

    private struct Schedule {
        var nextCheck = ContinuousClock.now
        var nextWait = ContinuousClock.now
        var pause = pauses.first
    }

    private let path: String
    private let limit: Int
    private let size = Gauge(label: "conversation.store.wal.bytes")
    private let schedule = Mutex(Schedule())

    /// - Parameters:
    ///   - path: the path of the database file.
    ///   - limit: size above which the log is truncated, in bytes.
    init(of path: String, limit: Int) {
        self.path = path + "-wal"
        self.limit = limit
    }

    /// Schedules a truncation of the log on the writer if it is too large; called after each commit.
    func checkpointIfNeeded(_ pool: DatabasePool, now: ContinuousClock.Instant = .now) {
        let isDue = schedule.withLock { schedule in
            guard now >= schedule.nextCheck else { return false }
            schedule.nextCheck = now + Self.interval
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
        let mayWait = schedule.withLock { now >= $0.nextWait }
        pool.asyncWriteWithoutTransaction { self.truncate($0, mayWait: mayWait) }
    }

    private func truncate(_ database: GRDB.Database, mayWait: Bool) {
        do {
            defer { setBusyTimeout(Database.busyTimeoutMilliseconds, of: database) }
            setBusyTimeout(mayWait ? Self.readerTimeoutMilliseconds : 0, of: database)
            try database.checkpoint(.truncate)
            schedule.withLock { $0 = Schedule(nextCheck: .now + Self.interval) }
        } catch {
            Logger.current.debug("Write-ahead log not truncated", metadata: ["error": "\(error)"])
            schedule.withLock { schedule in
                schedule.nextCheck = .now + Self.interval
                guard mayWait else { return }
                schedule.nextWait = .now + schedule.pause
                schedule.pause = min(schedule.pause * 2, Self.pauses.longest)
            }
        }
    }

    private func setBusyTimeout(_ milliseconds: Int, of database: GRDB.Database) {
        do {
            try database.execute(sql: "PRAGMA busy_timeout = \(milliseconds)")
        } catch {
            Logger.current.error("Busy timeout not set", metadata: ["error": "\(error)"])
        }
    }

    private func bytes() throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
