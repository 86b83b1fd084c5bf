import Foundation
import GRDB
import Logging
import Metrics
import Synchronization

/// Keeps the write-ahead log small.
///
/// SQLite begins the log anew only at a moment when nobody reads from it. Where readers overlap without a pause there is
/// no such moment, and the log would grow without end: so beyond a size it is asked for, and new readers are kept off the
/// log until those that are on it have ended.
final class WriteAheadLog: Sendable {
    /// What is allowed to the log and to its care.
    struct Limits: Sendable {
        /// From how many bytes on the log is begun anew.
        var bytes = 32 * 1024 * 1024
        /// For how many milliseconds writers may be held up for it; readers that take longer, such as a backup, are let be.
        var patience = 250
    }

    /// How often its size is looked at.
    private static let interval = Duration.milliseconds(20)
    /// How long it is let be when that was in vain.
    private static let pause = Duration.seconds(1)

    private let path: String
    private let limits: Limits
    private let size = Gauge(label: "conversation.store.wal.bytes")
    private let next = Mutex(ContinuousClock.now)

    /// `path`: the database's file.
    init(of path: String, limits: Limits) {
        self.path = path + "-wal"
        self.limits = limits
    }

    /// Looks after the log, between two commits of the one writer.
    func tend(_ database: GRDB.Database, now: ContinuousClock.Instant = .now) {
        guard now >= next.withLock({ $0 }) else { return }
        var pause = Self.interval
        do {
            let bytes = try bytes()
            size.record(bytes)
            if bytes > limits.bytes { try restart(database) }
        } catch {
            pause = Self.pause
            Logger.current.debug("Write-ahead log not begun anew", metadata: ["error": "\(error)"])
        }
        next.withLock { $0 = now + pause }
    }

    private func restart(_ database: GRDB.Database) throws {
        try database.execute(sql: "PRAGMA busy_timeout = \(limits.patience)")
        defer { restorePatience(database) }
        try database.checkpoint(.truncate)
    }

    private func restorePatience(_ database: GRDB.Database) {
        do {
            try database.execute(sql: "PRAGMA busy_timeout = \(Database.patience)")
        } catch {
            Logger.current.error("Time limit for locks not set", metadata: ["error": "\(error)"])
        }
    }

    private func bytes() throws -> Int {
        guard FileManager.default.fileExists(atPath: path) else { return 0 }
        return try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
