import Foundation
import Glibc
import ServiceKit

/// Replaces the conversations by a backup, while Parley is stopped.
struct Restore: Sendable {
    let file: String
    let directory: String
    /// Whether to replace existing conversations.
    let replaces: Bool
    var files = FileOperations.system

    struct Outcome {
        var content: DatabaseFile.Content
        /// The file that the previous conversations are in now.
        var aside: String?
    }

    /// Verifies the backup and puts a copy of it in place; keeps the previous conversations in another file.
    ///
    /// Throws `InvalidSetting` if that is not possible. After a failure at any step, even one that ends the process, the
    /// previous conversations are complete: in place, or beside it under the name that ends in `.replaced-…`.
    func perform(now: Date = Date()) throws -> Outcome {
        let backup = DatabaseFile(path: file)
        guard backup.exists else { throw InvalidSetting("There is no file \(file).") }
        let content = try backup.verify()
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let live = DatabaseFile.live(in: directory)
        let lock = try FileLock.acquire(
            live.path + ".lock",
            refusal: "conversation-svc uses the conversations in \(directory). Stop Parley first."
        )
        defer { lock.release() }
        let parts = existingParts(of: live)
        guard parts.isEmpty || replaces else {
            throw InvalidSetting("\(directory) already contains conversations. Pass --replace to replace them.")
        }
        let copy = DatabaseFile(path: live.path + ".restored-\(UInt64.random(in: .min ... .max))")
        do {
            try backup.copy(to: copy.path)
            _ = try copy.verify()
            let aside = try replace(live, by: copy, name: unusedName(live, now: now))
            return Outcome(content: content, aside: aside)
        } catch {
            // The copy is of no use without the replacement; it does no harm if it cannot be removed.
            unlink(copy.path)
            throw error
        }
    }

    /// Puts the copy in place, and returns the new path of the previous database if there was one.
    ///
    /// 1. The log of the previous database is merged into it, so that it is a single file. This is SQLite's own
    ///    transaction; a damaged database keeps its log.
    /// 2. The database, and its log if it still has one, get a second name. From here on they exist twice.
    /// 3. A log that is left is removed together with the database: SQLite would apply it to the restored one.
    /// 4. The copy is renamed, which replaces the database in one step.
    private func replace(_ live: DatabaseFile, by copy: DatabaseFile, name aside: String) throws -> String? {
        if live.exists { live.mergeLog() }
        let parts = existingParts(of: live)
        do {
            for part in parts { try files.perform(.link(live.path + part, to: aside + part)) }
            if !parts.isEmpty { try files.perform(.sync(directory)) }
            if parts.contains("-wal") {
                try files.perform(.remove(live.path))
                try files.perform(.remove(live.path + "-wal"))
            }
            for part in ["-wal", "-shm"] { try files.perform(.remove(live.path + part)) }
            try files.perform(.rename(copy.path, to: live.path))
        } catch {
            try undo(parts, live: live.path, aside: aside, after: error)
            throw error
        }
        try files.perform(.sync(directory))
        return parts.isEmpty ? nil : aside
    }

    /// Puts the previous database back in place after a failure, log first: a database without its log lacks messages.
    private func undo(_ parts: [String], live: String, aside: String, after error: any Error) throws {
        do {
            for part in parts.reversed() where !DatabaseFile(path: live + part).exists {
                try files.perform(.link(aside + part, to: live + part))
            }
            for part in parts { try files.perform(.remove(aside + part)) }
        } catch let second {
            throw InvalidSetting("\(error) The previous conversations are in \(aside): \(second)")
        }
    }

    /// The suffixes of the files that a database consists of: its own, and its log unless that is empty.
    private func existingParts(of database: DatabaseFile) -> [String] {
        ["", "-wal"].filter { suffix in
            let part = DatabaseFile(path: database.path + suffix)
            return part.exists && (suffix.isEmpty || part.size != 0)
        }
    }

    /// A name for the previous database, with the time of the restore.
    private func unusedName(_ live: DatabaseFile, now: Date) -> String {
        let time = now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let name = live.path + ".replaced-\(time)"
        let names = [name] + (2...1000).map { "\(name)-\($0)" }
        return names.first { name in !["", "-wal"].contains { DatabaseFile(path: name + $0).exists } } ?? name
    }
}
