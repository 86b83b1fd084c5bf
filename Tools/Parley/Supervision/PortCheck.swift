import Glibc
import ServiceKit

/// Waits for the ports of a plan: services of an earlier supervisor may still be draining.
struct PortCheck {
    private static let limit = Duration.seconds(25)

    let plan: ServicePlan

    /// Throws `InvalidSetting` for a port that does not become free.
    func waitUntilFree() async throws {
        let end = ContinuousClock.now + Self.limit
        var hasSpoken = false
        for service in plan.services {
            let port = try service.port(plan.settings)
            while Self.isTaken(port, host: service.host(plan.settings)) {
                guard .now < end else {
                    throw InvalidSetting(
                        "Port \(port) of \(service.executable) is in use. Stop what listens there, or set \(service.portSetting)."
                    )
                }
                if !hasSpoken { Console.print("Waiting for port \(port) of \(service.executable) to become free …") }
                hasSpoken = true
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Whether somebody listens there.
    static func isTaken(_ port: Int, host: String) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0 && errno == EADDRINUSE
            }
        }
    }
}
