import Foundation
import Glibc
import ServiceKit

/// Copies the conversations to one file; Parley may be running.
struct Backup: Sendable {
    let directory: String
    let file: String
    var files = FileOperations.system

    /// Creates the copy under a temporary name, verifies it, and renames it: a file with the final name is complete.
    ///
    /// The backup contains every message that was acknowledged before. Throws `InvalidSetting` if it cannot be created.
    func create() throws -> DatabaseFile.Content {
        let source = DatabaseFile.live(in: directory)
        guard source.exists else {
            throw InvalidSetting(
                "There are no conversations in \(directory). Set DATA_DIR to the folder of Parley's data."
            )
        }
        guard !FileManager.default.fileExists(atPath: file) else {
            throw InvalidSetting("\(file) already exists and is not overwritten. Choose another name.")
        }
        try source.checkVersion()
        let copy = DatabaseFile(path: "\(file).partial-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try source.copy(to: copy.path)
            let content = try copy.verify()
            try files.perform(.rename(copy.path, to: file))
            try files.perform(.sync(URL(filePath: file).deletingLastPathComponent().path))
            return content
        } catch {
            // The incomplete copy is of no use; it does no harm if it cannot be removed.
            unlink(copy.path)
            throw error
        }
    }
}
