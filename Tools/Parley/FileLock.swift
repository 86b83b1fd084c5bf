import Glibc
import ServiceKit

/// A lock that is held while its file is open; another process's lock refuses it.
struct FileLock: Sendable {
    private let descriptor: Int32

    /// Throws `InvalidSetting` with `refusal` when another process holds it.
    static func take(_ path: String, refusal: String) throws -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw InvalidSetting("The file \(path) cannot be made: \(String(cString: strerror(errno))).")
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
    /// Keeps two supervisors from running the same service on the same data.
    ///
    /// Throws `InvalidSetting` when another supervisor has the service.
    static func take(_ service: ServiceKind, in directory: String) throws -> FileLock {
        try take(
            directory + "/\(service.rawValue).supervisor",
            refusal: "Another parley up runs \(service.executable) on \(directory). Stop it, or set DATA_DIR."
        )
    }
}
