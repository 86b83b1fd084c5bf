import Contracts
import NIOHTTP1
import ServiceKit

/// Checks the `Host` header where requests without a credential are answered.
///
/// Any web page can have its own name resolve to `127.0.0.1` (DNS rebinding) and then reads what the gateway answers.
/// So in the modes `open` and `off` only `localhost`, loopback addresses and the names of `ALLOWED_HOSTS` are answered.
struct AllowedHosts: Sendable {
    private let mode: AuthenticationMode
    private let names: Set<String>

    /// `names` are host names and addresses without ports.
    init(mode: AuthenticationMode, names: [String]) {
        self.mode = mode
        self.names = Set(names.map(Self.normalized))
    }

    /// Throws `misdirected_request` if the gateway does not answer for this host in its mode.
    ///
    /// A request without `Host`, which only HTTP/1.0 allows and no browser sends, passes.
    func check(_ headers: HTTPHeaders) throws(Fault) {
        guard mode != .required, let value = headers.first(name: "host") else { return }
        let host = Self.host(of: value)
        guard host.map({ LoopbackHost.isLoopback($0) || names.contains(Self.normalized($0)) }) != true else { return }
        throw Fault(
            .misdirected,
            """
            With AUTH_MODE=\(mode.rawValue) this server answers for localhost, loopback addresses and the names in \
            ALLOWED_HOSTS only. Add the name to ALLOWED_HOSTS, or set AUTH_MODE=required.
            """
        )
    }

    /// Whether a text is a host name or an address, without a port.
    static func isHost(_ text: String) -> Bool {
        if text.hasPrefix("["), text.hasSuffix("]") { return IPAddress(text.dropFirst().dropLast()) != nil }
        guard IPAddress(text) == nil else { return true }
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        return name.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }

    /// The host of a `Host` header without its port; `nil` if the header is malformed.
    private static func host(of value: String) -> Substring? {
        let end: String.Index
        if value.hasPrefix("[") {
            guard let bracket = value.firstIndex(of: "]") else { return nil }
            end = value.index(after: bracket)
        } else {
            end = value.firstIndex(of: ":") ?? value.endIndex
        }
        let port = value[end...]
        guard port.isEmpty || port.first == ":", port.utf8.count <= 6,
            port.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return value[..<end]
    }

    /// One spelling of a host: lower case, without a trailing dot or brackets; addresses by their bits.
    private static func normalized(_ host: some StringProtocol) -> String {
        var name = host.lowercased()
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if let address = IPAddress(name) { return "\(address)" }
        if name.hasSuffix(".") { name.removeLast() }
        return name
    }
}

extension Fault.Code {
    /// The gateway does not answer for the host in the request.
    static let misdirected = Self(rawValue: "misdirected_request")
}
