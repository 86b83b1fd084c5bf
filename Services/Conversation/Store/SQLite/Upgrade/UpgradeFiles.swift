import Contracts
import Foundation
import Glibc

/// The files of an upgrade, which are beside the database, and what is done with them.
struct UpgradeFiles: Sendable {
    /// The database.
    let path: String

    /// The new database while it is written.
    var upgrade: String { path + ".upgrade" }
    /// A copy of a file of version 1 to 4, which is first brought to version 5.
    var formerCopy: String { path + ".former-copy" }
    /// The folder of all these files.
    var folder: String {
        let folder = (path as NSString).deletingLastPathComponent
        return folder.isEmpty ? "." : folder
    }

    /// Whether the database file does not exist or is empty.
    var isEmpty: Bool { Self.size(path) == 0 }

    /// Returns the files with former versions that earlier upgrades left, newest first.
    func formerFiles() throws -> [String] {
        let prefix = (path as NSString).lastPathComponent + ".version-"
        return try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix(prefix) && $0.dropFirst(prefix.count).allSatisfy { $0.isNumber || $0 == "-" } }
            .sorted(by: >).map { folder + "/" + $0 }
    }

    /// Returns an unused name for the file with a former version.
    func unusedFormerName(version: Int) -> String {
        let name = "\(path).version-\(version)"
        var (unused, number) = (name, 1)
        while ["", "-wal", "-journal"].contains(where: { Self.exists(unused + $0) }) {
            number += 1
            unused = "\(name)-\(number)"
        }
        return unused
    }

    /// Removes what an upgrade that was not completed left.
    func removeLeftovers() throws {
        for file in [upgrade, formerCopy] {
            for suffix in ["", "-journal", "-wal", "-shm"] { try Self.remove(file + suffix) }
        }
    }

    /// Returns the size of a file in bytes; 0 if it does not exist.
    static func size(_ file: String) -> Int64 {
        var status = stat()
        return stat(file, &status) == 0 ? Int64(status.st_size) : 0
    }

    static func exists(_ file: String) -> Bool {
        access(file, F_OK) == 0
    }

    /// Returns the number of bytes that can be stored in a folder.
    static func freeBytes(in folder: String) throws -> Int64 {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { throw failure("The free space of \(folder) is unknown", errno) }
        let free = Int64(clamping: status.f_bavail).multipliedReportingOverflow(by: Int64(clamping: status.f_frsize))
        return free.overflow ? .max : free.partialValue
    }

    /// Creates an empty file that only its owner can read.
    static func create(_ file: String) throws {
        let descriptor = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("The file \(file) cannot be created", errno) }
        close(descriptor)
    }

    static func rename(_ file: String, to target: String) throws {
        guard Glibc.rename(file, target) == 0 else { throw failure("\(file) cannot be renamed to \(target)", errno) }
    }

    static func remove(_ file: String) throws {
        guard unlink(file) == 0 || errno == ENOENT else { throw failure("\(file) cannot be removed", errno) }
    }

    /// Returns when the content of a file, or the names in a folder, are on the disk.
    static func sync(_ file: String) throws {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("\(file) cannot be opened", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("\(file) cannot be written to the disk", errno) }
    }

    private static func failure(_ text: String, _ code: Int32) -> Fault {
        Fault(.unavailable, "\(text): \(String(cString: strerror(code))).")
    }
}
