import Contracts
import Glibc

/// Keeps a second process from opening the same file; the kernel lets go of it when the process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Throws a ``Fault`` when another process holds it.
    static func take(_ path: String) throws -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Fault(.unavailable, "The file \(path) cannot be made: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Fault(
                .conflict,
                "Another conversation-svc has these conversations open (it holds \(path)). Stop it, or set DATA_DIR."
            )
        }
        return FileLock(descriptor: descriptor)
    }

    deinit {
        close(descriptor)
    }
}
