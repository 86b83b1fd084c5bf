import Foundation
import ServiceKit

/// Copies the conversations to one file, while Parley runs.
struct Backup: Sendable {
    let directory: String
    let file: String

    /// Makes the copy, checks it, and only then gives it its name: a file of that name is whole.
    ///
    /// It holds every message that was acknowledged before it began. Throws `InvalidSetting` with what is in the way.
    func make() throws -> DatabaseFile.Content {
        let source = DatabaseFile.live(in: directory)
        guard source.exists else {
            throw InvalidSetting("There are no conversations in \(directory). Set DATA_DIR to where Parley keeps them.")
        }
        guard !FileManager.default.fileExists(atPath: file) else {
            throw InvalidSetting("\(file) is there already and is not written over. Choose another name.")
        }
        let copy = DatabaseFile(path: "\(file).partial-\(ProcessInfo.processInfo.processIdentifier)")
        do {
            try source.copy(to: copy.path)
            let content = try copy.verify()
            try copy.rename(to: file)
            return content
        } catch {
            // What is left of it is of no use; that it cannot be removed either, changes nothing.
            unlink(copy.path)
            throw error
        }
    }
}
