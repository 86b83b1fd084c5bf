import NIOHTTP1
import ServiceKit

/// Finds the address of the client behind trusted proxies.
///
/// A pure function. Anybody can send `X-Forwarded-For` and `Forwarded`, so they count only from a peer in
/// `TRUSTED_PROXIES`, and are read from right to left: each trusted proxy vouches for the address to its left only.
enum ClientAddress {
    /// Returns the rightmost address that is not a trusted proxy.
    ///
    /// Returns the last trusted proxy if it does not name an address (`unknown`, `_hidden`, malformed text). Returns the
    /// peer if `X-Forwarded-For` and `Forwarded` disagree: the proxy may have set one of them and passed the other on as
    /// the client sent it.
    static func resolve(peer: IPAddress?, headers: HTTPHeaders, trusted: [IPNetwork]) -> IPAddress? {
        guard let peer, trusted.contains(where: { $0.contains(peer) }) else { return peer }
        let chains = [
            headers["x-forwarded-for"].flatMap(list), headers["forwarded"].flatMap(ForwardedHeader.addresses),
        ]
        let clients = chains.filter { !$0.isEmpty }.map { client(behind: peer, $0, trusted) }
        guard let client = clients.first, clients.allSatisfy({ $0 == client }) else { return peer }
        return client
    }

    private static func client(behind peer: IPAddress, _ chain: [IPAddress?], _ trusted: [IPNetwork]) -> IPAddress {
        var client = peer
        for address in chain.reversed() {
            guard let address else { break }
            client = address
            guard trusted.contains(where: { $0.contains(address) }) else { break }
        }
        return client
    }

    private static func list(_ value: String) -> [IPAddress?] {
        value.split(separator: ",").map(trimmed).filter { !$0.isEmpty }.map { address(of: $0) }
    }

    /// The address of a node such as `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
    static func address(of node: Substring) -> IPAddress? {
        if node.first == "[" {
            guard let end = node.firstIndex(of: "]") else { return nil }
            let host = node[node.index(after: node.startIndex)..<end]
            guard host.utf8.contains(UInt8(ascii: ":")), isPort(node[node.index(after: end)...]) else { return nil }
            return IPAddress(host)
        }
        if let address = IPAddress(node) { return address }
        guard let colon = node.lastIndex(of: ":"), isPort(node[colon...]) else { return nil }
        let host = node[..<colon]
        return host.utf8.contains(UInt8(ascii: ":")) ? nil : IPAddress(host)
    }

    static func trimmed(_ text: Substring) -> Substring {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return text.drop(while: isBlank).trimmingSuffix(while: isBlank)
    }

    /// Whether the text is empty, or `:` with a port or an obfuscated port as in RFC 7239.
    private static func isPort(_ text: Substring) -> Bool {
        guard !text.isEmpty else { return true }
        guard text.first == ":" else { return false }
        let port = text.dropFirst()
        if port.first == "_" { return port.utf8.count > 1 }
        return (1...5).contains(port.utf8.count) && port.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var text = self
        while let last = text.last, predicate(last) { text.removeLast() }
        return text
    }
}
