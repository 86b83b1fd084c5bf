import Foundation
import ServiceKit

/// Puts a backup in the place of the conversations, while Parley is stopped.
struct Restore: Sendable {
    let file: String
    let directory: String
    /// Whether conversations that are there make way.
    let replaces: Bool

    /// What was done.
    struct Outcome {
        var content: DatabaseFile.Content
        /// Where the conversations are that were there before.
        var aside: String?
    }

    /// Checks the backup, and puts a copy of it in place; what was there is put aside, never deleted.
    ///
    /// Throws `InvalidSetting` with what is in the way; then nothing is changed.
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
        let lock = try FileLock.take(
            live.path + ".lock",
            refusal: "conversation-svc has the conversations in \(directory) open. Stop Parley first."
        )
        defer { lock.release() }
        guard !live.exists || replaces else {
            throw InvalidSetting(
                "There are conversations in \(directory) already. Say --replace to put them aside and use the backup."
            )
        }
        let copy = DatabaseFile(path: live.path + ".restored-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try backup.copy(to: copy.path)
            _ = try copy.verify()
            let aside = live.exists ? try putAside(live, now: now) : nil
            try copy.rename(to: live.path)
            return Outcome(content: content, aside: aside)
        } catch {
            // What is left of it is of no use; that it cannot be removed either, changes nothing.
            unlink(copy.path)
            throw error
        }
    }

    /// Gives what is there another name, with the log that belongs to it, and answers the name.
    private func putAside(_ live: DatabaseFile, now: Date) throws -> String {
        let moment = now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
        let aside = live.path + ".replaced-\(moment)"
        for suffix in ["-wal", "-shm", ""] {
            let part = DatabaseFile(path: live.path + suffix)
            if part.exists { try part.rename(to: aside + suffix) }
        }
        return aside
    }
}
