import HTTP
import ServiceKit

/// Which requests to providers use a proxy: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
///
/// Loopback addresses never use one.
struct ProxyRules: Sendable {
    private enum Exception {
        case everything
        case network(IPNetwork)
        /// A host and its subdomains, optionally with a port.
        case host(String, Int?)
    }

    private var secure: HTTPProxy?
    private var plain: HTTPProxy?
    private var exceptions: [Exception] = []

    /// Throws an `InvalidSetting` that does not contain a proxy's credentials.
    init(settings: Settings) throws {
        secure = try Self.proxy("HTTPS_PROXY", settings)
        plain = try Self.proxy("HTTP_PROXY", settings)
        let list = try settings.string("NO_PROXY") ?? settings.secret(inVariable: "no_proxy") ?? ""
        exceptions = list.split { $0 == "," || $0 == " " }.map { Self.exception(String($0)) }
    }

    /// The proxy for a target; `nil` for a direct connection.
    func proxy(for target: HTTPTarget) -> HTTPProxy? {
        guard let proxy = target.isSecure ? secure : plain else { return nil }
        let host = target.host.lowercased()
        guard host != "localhost", !host.hasSuffix(".localhost") else { return nil }
        let address = IPAddress(host)
        if let address, Self.loopback.contains(where: { $0.contains(address) }) { return nil }
        let isException = exceptions.contains { exception in
            switch exception {
            case .everything: true
            case .network(let network): address.map(network.contains) ?? false
            case .host(let name, let port):
                (host == name || host.hasSuffix("." + name)) && (port ?? target.port) == target.port
            }
        }
        return isException ? nil : proxy
    }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPNetwork($0) }

    private static func proxy(_ name: String, _ settings: Settings) throws -> HTTPProxy? {
        guard let url = try settings.secret(name) ?? settings.secret(inVariable: name.lowercased()) else { return nil }
        do {
            return try HTTPProxy.parse(url)
        } catch {
            throw InvalidSetting(
                "\(name) is not the URL of a proxy such as http://proxy.example:3128. \(error.message)"
            )
        }
    }

    private static func exception(_ text: String) -> Exception {
        if text == "*" { return .everything }
        if let network = IPNetwork(text) { return .network(network) }
        let name = text.lowercased().drop { $0 == "*" || $0 == "." }
        let parts = name.split(separator: ":")
        if parts.count == 2, let port = Int(parts[1]) { return .host(String(parts[0]), port) }
        return .host(String(name), nil)
    }
}
