import Foundation
import Glibc
import ServiceKit

/// The changes that a restore makes to files; tests replace them to fail at a chosen step.
struct FileOperations: Sendable {
    enum Operation: Sendable, Equatable {
        /// Gives a file a second name, or copies it where the file system has no hard links.
        case link(String, to: String)
        case rename(String, to: String)
        case remove(String)
        /// Writes the names in a folder to the disk.
        case sync(String)
    }

    /// Performs an operation; throws `InvalidSetting` if it fails.
    var perform: @Sendable (Operation) throws -> Void

    static let system = FileOperations { operation in
        switch operation {
        case .link(let path, let target):
            guard Glibc.link(path, target) != 0 else { return }
            let code = errno
            guard [EPERM, EOPNOTSUPP, ENOSYS, EMLINK].contains(code) else {
                throw failure("\(path) cannot be linked to \(target)", code)
            }
            try copy(path, to: target)
        case .rename(let path, let target):
            guard Glibc.rename(path, target) == 0 else {
                throw failure("\(path) cannot be renamed to \(target)", errno)
            }
        case .remove(let path):
            guard unlink(path) == 0 || errno == ENOENT else { throw failure("\(path) cannot be removed", errno) }
        case .sync(let folder):
            try sync(folder, flags: O_RDONLY | O_DIRECTORY)
        }
    }

    private static func copy(_ path: String, to target: String) throws {
        do {
            try FileManager.default.copyItem(atPath: path, toPath: target)
        } catch {
            throw InvalidSetting("\(path) cannot be copied to \(target): \(error.localizedDescription)")
        }
        try sync(target, flags: O_RDONLY)
    }

    private static func sync(_ path: String, flags: Int32) throws {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("\(path) cannot be opened", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("\(path) cannot be written to the disk", errno) }
    }

    private static func failure(_ text: String, _ code: Int32) -> InvalidSetting {
        InvalidSetting("\(text): \(String(cString: strerror(code))).")
    }
}
