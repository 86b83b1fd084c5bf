import Foundation
import Glibc
import ServiceKit

/// The folder of the services' log files.
///
/// A running service rotates its own log file; see `LogFile`.
struct LogFolder {
    /// Size in bytes from which a log file is rotated before its service starts.
    static let limit: UInt64 = 20 * 1024 * 1024

    let plan: ServicePlan

    /// Creates the folder.
    func create() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: plan.logDirectory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw InvalidSetting(
                "The folder \(plan.logDirectory) cannot be created. Set DATA_DIR to a writable folder."
            )
        }
    }

    /// Renames a log file that has reached its limit to `.1`, which replaces the previous one.
    ///
    /// A process that still writes to the file goes on in the renamed one.
    func rotate(_ path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else { return }
        defer { file.closeFile() }
        guard file.seekToEndOfFile() >= Self.limit else { return }
        guard rename(path, path + ".1") == 0 else {
            throw InvalidSetting("The log file \(path) cannot be renamed: \(String(cString: strerror(errno))).")
        }
    }
}
