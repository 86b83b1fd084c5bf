import Contracts
import Foundation
import GRDB
import Logging

/// Upgrades a database file with a former schema to the current one.
///
/// A file of version 6 is extended in place, see ``SchemaAdditions``; one of version 1 to 5 is replaced. The former file
/// is then never changed; only its write-ahead log is merged into it. Its rows are copied to a new file beside
/// it, which takes its place when it is complete and on the disk. The former file remains, with its version in its name:
///
/// 1. `conversation.sqlite.upgrade` is written; its version is set last.
/// 2. `conversation.sqlite` is renamed to `conversation.sqlite.version-5`.
/// 3. `conversation.sqlite.upgrade` is renamed to `conversation.sqlite`.
///
/// A process that ends during step 1 leaves the former file in place, and the next start begins again. After step 2, the
/// next start does step 3.
///
/// The caller holds the lock of the database file.
struct SchemaUpgrade {
    /// What was done, for tests.
    enum Step: Sendable, Hashable, CaseIterable {
        /// The additions to a file of version 6 are written, but not committed.
        case additionsWritten
        /// They are committed.
        case additionsCommitted
        /// The write-ahead log is merged into the former file.
        case logMerged
        /// A file of version 1 to 4 has a copy of version 5.
        case formerCopied
        /// The tables of the new file are created.
        case tablesCreated
        /// All rows are copied.
        case rowsCopied
        /// The new file is complete, but its version is not set.
        case indexesCreated
        case versionSet
        /// The former file has its new name.
        case formerRenamed
        /// The new file is in place.
        case completed
    }

    /// Space that must be free for the new file, in percent of the size of the former one.
    private static let spacePercent: Int64 = 130

    let path: String
    /// Returns the number of bytes that can be stored in a folder.
    var freeBytes: (String) throws -> Int64 = UpgradeFiles.freeBytes
    /// How long to wait for another process that reads the file, in seconds.
    var lockTimeout = Double(Database.busyTimeoutMilliseconds) / 1000
    var onStep: (Step) throws -> Void = { _ in }

    private var files: UpgradeFiles { UpgradeFiles(path: path) }

    /// Upgrades the file if its version is a former one.
    ///
    /// Throws a ``Fault`` if a newer version wrote the file, if there is not enough free space, or if another process
    /// reads the file.
    func run() throws {
        if files.isEmpty { return try completeReplacement() }
        let version = try Self.version(of: path)
        try SchemaVersion.check(version, of: path)
        try files.removeLeftovers()
        guard (1..<SchemaVersion.current).contains(version) else { return }
        do {
            guard version < SchemaAdditions.version else {
                return try SchemaAdditions.apply(to: path, lockTimeout: lockTimeout, onStep: onStep)
            }
            try upgrade(from: version)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw Fault(
                .full,
                "The disk is full: the conversations in \(path) were not upgraded, and were not changed. Free some space."
            )
        }
    }

    private func upgrade(from version: Int) throws {
        let start = ContinuousClock.now
        try checkSpace(version)
        Logger.current.notice(
            "Upgrading the conversations to a new format; this version of Parley cannot read the former one",
            metadata: ["version": "\(version)", "version.new": "\(SchemaVersion.current)", "file": "\(path)"]
        )
        do {
            try writeUpgrade(from: version)
        } catch {
            // The former file is in place; what was written would only take space.
            try files.removeLeftovers()
            throw error
        }
        try UpgradeFiles.remove(files.formerCopy)
        let former = files.unusedFormerName(version: version)
        try UpgradeFiles.rename(path, to: former)
        // On the disk before the next change, which would otherwise replace the only name of the former file.
        try UpgradeFiles.sync(files.folder)
        try onStep(.formerRenamed)
        try replace()
        Logger.current.notice(
            "The conversations are upgraded; the former file is kept and can be deleted when it is no longer needed",
            metadata: ["seconds": "\((ContinuousClock.now - start).components.seconds)", "file.former": "\(former)"]
        )
    }

    /// Writes the new file and returns when it is complete and on the disk.
    private func writeUpgrade(from version: Int) throws {
        try mergeLog()
        try onStep(.logMerged)
        var former = path
        if version < 5 {
            former = files.formerCopy
            try copyFormer(to: former)
            try onStep(.formerCopied)
        }
        try UpgradeFiles.create(files.upgrade)
        try UpgradeCopy(former: former, target: files.upgrade).perform(onStep: onStep)
        try UpgradeFiles.sync(files.upgrade)
        try onStep(.indexesCreated)
        // Set only now: a power failure cannot leave a file with this version whose rows are not on the disk.
        let queue = try DatabaseQueue(path: files.upgrade)
        try queue.writeWithoutTransaction { try Schema.setVersion(in: $0) }
        try queue.close()
        try UpgradeFiles.sync(files.upgrade)
        try UpgradeFiles.sync(files.folder)
        try onStep(.versionSet)
    }

    /// Completes an upgrade whose process ended after the former file was renamed.
    ///
    /// Throws a ``Fault`` if there is a former file without the new one: a new database would hide its conversations.
    private func completeReplacement() throws {
        if isUpgradeComplete { return try replace() }
        if let former = try files.formerFiles().first {
            throw Fault(
                .conflict,
                """
                \(path) is missing or empty, and \(former) contains the conversations before an upgrade. Rename \
                that file to \(path) to upgrade it again, or move it to another folder to start without conversations.
                """
            )
        }
        try files.removeLeftovers()
    }

    /// Whether the new file has all rows, and they are on the disk.
    private var isUpgradeComplete: Bool {
        do {
            return try UpgradeFiles.exists(files.upgrade) && Self.version(of: files.upgrade) == SchemaVersion.current
        } catch {
            // A file that is not complete need not be a database.
            return false
        }
    }

    /// Puts the new file in place.
    private func replace() throws {
        // SQLite would apply a log of another file that has this name.
        for suffix in ["-wal", "-shm", "-journal"] { try UpgradeFiles.remove(path + suffix) }
        try UpgradeFiles.rename(files.upgrade, to: path)
        try UpgradeFiles.sync(files.folder)
        try onStep(.completed)
    }

    private func checkSpace(_ version: Int) throws {
        let size = UpgradeFiles.size(path) + UpgradeFiles.size(path + "-wal")
        let needed = size / 100 * (version < 5 ? Self.spacePercent + 100 : Self.spacePercent)
        let free = try freeBytes(files.folder)
        guard free < needed else { return }
        throw Fault(
            .full,
            """
            The conversations in \(path) must be upgraded to the format of this version of Parley, for which the folder \
            \(files.folder) needs \(needed >> 20 + 1) MiB of free space; it has \(free >> 20) MiB. Free some space. The \
            conversations were not changed.
            """
        )
    }

    /// Merges the write-ahead log into the former file, so that it is a single file.
    private func mergeLog() throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(lockTimeout)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // Leaving the WAL mode merges the log and removes it. SQLite refuses if another process has the file open.
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try queue.close()
        } catch let error as DatabaseError where [.SQLITE_BUSY, .SQLITE_LOCKED].contains(error.resultCode) {
            throw Fault(
                .conflict,
                """
                The conversations in \(path) must be upgraded, but another program has the file open. Wait for it to \
                end, for example a backup, and start again.
                """
            )
        }
    }

    /// Copies a file of version 1 to 4 and brings the copy to version 5.
    private func copyFormer(to copy: String) throws {
        try UpgradeFiles.create(copy)
        let source = try DatabaseQueue(path: path)
        let target = try DatabaseQueue(path: copy)
        try target.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = OFF") }
        try source.backup(to: target)
        try source.close()
        try FormerSchema.migrator.migrate(target)
        try target.close()
    }

    /// Returns the version of a file without changing it.
    private static func version(of path: String) throws -> Int {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(Double(Database.busyTimeoutMilliseconds) / 1000)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        let version = try queue.read { try SchemaVersion.of($0) }
        try queue.close()
        return version
    }
}
