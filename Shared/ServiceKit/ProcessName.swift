import Foundation
import Glibc

/// The name of this process in `ps`, `top` and `pgrep`: all services run from one executable file.
enum ProcessName {
    /// Sets the name; the kernel keeps its first 15 bytes.
    static func set(_ name: String) {
        let descriptor = open("/proc/self/comm", O_WRONLY | O_CLOEXEC)
        // Without /proc the process keeps the name of its file.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = write(descriptor, name, name.utf8.count)
    }
}
