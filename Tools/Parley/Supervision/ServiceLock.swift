import Foundation
import Glibc
import ServiceKit

/// Keeps two supervisors from running the same service on the same data.
struct ServiceLock: Sendable {
    private let descriptor: Int32

    /// Throws `SettingFault` when another supervisor has the service.
    static func take(_ service: HouseService, in directory: String) throws -> ServiceLock {
        let path = directory + "/\(service.rawValue).supervisor"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SettingFault("The file \(path) cannot be made: \(String(cString: strerror(errno))).")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw SettingFault(
                "Another parley up runs \(service.executable) on \(directory). Stop it, or set DATA_DIR."
            )
        }
        return ServiceLock(descriptor: descriptor)
    }

    func release() {
        close(descriptor)
    }
}
