import NIOCore

extension SocketAddress {
    /// Whether only this machine can be at the address: `127.0.0.0/8`, `::1`, and the first written as IPv6.
    var isLoopback: Bool {
        guard let text = ipAddress else { return false }
        return text.hasPrefix("127.") || text == "::1" || text.hasPrefix("::ffff:127.")
    }

    /// Whether a server bound to this host can be reached from this machine only.
    static func isLoopback(host: String) -> Bool {
        guard host.lowercased() != "localhost" else { return true }
        do {
            return try SocketAddress(ipAddress: host, port: 0).isLoopback
        } catch {
            return false
        }
    }
}
