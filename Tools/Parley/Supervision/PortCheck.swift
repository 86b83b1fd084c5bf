import Glibc
import ServiceKit

/// Waits until the ports of a plan are free: services of an earlier supervisor may still be shutting down.
struct PortCheck {
    private static let limit = Duration.seconds(25)

    let plan: ServicePlan

    /// Throws `InvalidSetting` for a port that is still in use after 25 seconds.
    func waitUntilFree() async throws {
        let end = ContinuousClock.now + Self.limit
        var hasReported = false
        for service in plan.services {
            let port = try service.port(plan.settings)
            while Self.isInUse(port, host: service.host(plan.settings)) {
                guard .now < end else { throw InvalidSetting(Self.advice(service, port)) }
                if !hasReported { Console.print("Waiting for port \(port) of \(service.executable) to become free …") }
                hasReported = true
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// What to do about a port that another program uses.
    static func advice(_ service: ServiceKind, _ port: Int) -> String {
        """
        Port \(port) of \(service.executable) is in use by another program. Stop that program, or set \
        \(service.portSetting) to a free port.
        """
    }

    /// Whether another socket listens on the port.
    static func isInUse(_ port: Int, host: String) -> Bool {
        var address4 = sockaddr_in()
        address4.sin_family = sa_family_t(AF_INET)
        address4.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
        if inet_pton(AF_INET, host, &address4.sin_addr) == 1 { return bindFails(AF_INET, &address4) }
        var address6 = sockaddr_in6()
        address6.sin6_family = sa_family_t(AF_INET6)
        address6.sin6_port = in_port_t(truncatingIfNeeded: port).bigEndian
        if inet_pton(AF_INET6, host, &address6.sin6_addr) == 1 { return bindFails(AF_INET6, &address6) }
        return false
    }

    private static func bindFails<Address>(_ family: Int32, _ address: inout Address) -> Bool {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<Address>.size)) != 0 && errno == EADDRINUSE
            }
        }
    }
}
