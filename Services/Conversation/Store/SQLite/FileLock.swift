import Contracts
import Glibc

/// An exclusive lock that prevents a second process from opening the same database; the kernel releases it when the
/// process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Throws a ``Fault`` if another process holds the lock.
    static func take(_ path: String) throws -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(.unavailable, "The file \(path) cannot be created: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Fault(
                .conflict,
                """
                Another conversation-svc uses this database (it locks \(path)). Stop it, or set DATA_DIR to another \
                folder.
                """
            )
        }
        return FileLock(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }
}
