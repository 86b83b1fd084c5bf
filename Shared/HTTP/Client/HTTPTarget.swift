/// The target of a request: scheme, host and port.
package struct HTTPTarget: Hashable, Sendable {
    package let isSecure: Bool
    /// A name or an address, without brackets.
    package let host: String
    package let port: Int
    /// The value of the `Host` header.
    package let authority: String

    package init(isSecure: Bool = false, host: String, port: Int) {
        self.isSecure = isSecure
        self.host = host
        self.port = port
        let name = host.contains(":") ? "[\(host)]" : host
        authority = port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Splits an `http` or `https` URL into target and path.
    package static func parse(_ url: String) throws(HTTPClientError) -> (target: HTTPTarget, path: String) {
        guard let split = split(url), split.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            // What stands before an @ may be a password, which must not be printed.
            let text = url.contains("@") ? "A URL with a user name or a password" : String(url.prefix(200))
            throw HTTPClientError(.badURL, "\(text) is not a supported http or https URL.")
        }
        return split
    }

    private static func split(_ url: String) -> (target: HTTPTarget, path: String)? {
        let isSecure = url.hasPrefix("https://")
        guard isSecure || url.hasPrefix("http://") else { return nil }
        let rest = url.dropFirst(isSecure ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let path = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
        guard let (host, port) = hostAndPort(rest[..<end], default: isSecure ? 443 : 80) else { return nil }
        return (HTTPTarget(isSecure: isSecure, host: host, port: port), path)
    }

    private static func hostAndPort(_ text: Substring, default port: Int) -> (String, Int)? {
        let isName: (Substring) -> Bool = { name in
            !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }
        }
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            let host = text[text.index(after: text.startIndex)..<bracket]
            let rest = text[text.index(after: bracket)...]
            if rest.isEmpty { return isName(host) ? (String(host), port) : nil }
            guard rest.hasPrefix(":"), let port = UInt16(rest.dropFirst()), isName(host) else { return nil }
            return (String(host), Int(port))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let host = parts.first, isName(host), parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return (String(host), port) }
        guard let port = UInt16(parts[1]) else { return nil }
        return (String(host), Int(port))
    }
}
