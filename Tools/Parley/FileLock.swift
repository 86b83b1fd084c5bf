import Glibc
import ServiceKit

/// An exclusive lock on a file, held until it is released or the process exits.
struct FileLock: Sendable {
    private let descriptor: Int32

    /// Throws `InvalidSetting` with the message `refusal` if another process holds the lock.
    static func acquire(_ path: String, refusal: String) throws -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw InvalidSetting("The file \(path) cannot be created: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw InvalidSetting(refusal)
        }
        return FileLock(descriptor: descriptor)
    }

    func release() {
        close(descriptor)
    }
}

extension FileLock {
    /// Prevents two supervisors from running the same service on the same data.
    ///
    /// Throws `InvalidSetting` if another supervisor runs the service.
    static func acquire(_ service: ServiceKind, in directory: String) throws -> FileLock {
        try acquire(
            directory + "/\(service.rawValue).supervisor",
            refusal: "Another parley up runs \(service.executable) on \(directory). Stop it, or set DATA_DIR."
        )
    }
}
