import GRDB
import Glibc
import Logging
import Metrics
import Synchronization

/// Keeps the write-ahead log small.
///
/// SQLite begins the log anew only at a moment when nobody reads from it. Where readers overlap without a pause there is
/// no such moment, and the log would grow without end: so beyond a size it is asked for, and new readers are kept off the
/// log until those that are on it have ended.
final class WriteAheadLog: Sendable {
    /// How long writers may be held up for it; a reader that takes longer, such as a backup, is let be.
    private static let patience = 250
    /// How long it is let be when that was in vain.
    private static let pause = Duration.seconds(1)

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

    /// Looks after the log, between two commits of the one writer.
    func tend(_ database: GRDB.Database, now: ContinuousClock.Instant = .now) {
        let bytes = bytes
        size.record(bytes)
        guard bytes > limit, now >= next.withLock({ $0 }) else { return }
        do {
            try database.execute(sql: "PRAGMA busy_timeout = \(Self.patience)")
            defer { restorePatience(database) }
            try database.checkpoint(.truncate)
        } catch {
            Logger.current.debug(
                "Write-ahead log not begun anew",
                metadata: ["bytes": "\(bytes)", "error": "\(error)"]
            )
        }
    }

    private func restorePatience(_ database: GRDB.Database) {
        do {
            try database.execute(sql: "PRAGMA busy_timeout = \(Database.patience)")
        } catch {
            Logger.current.error("Time limit for locks not set", metadata: ["error": "\(error)"])
        }
    }

    private var bytes: Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }
}
