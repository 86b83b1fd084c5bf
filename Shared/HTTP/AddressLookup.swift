import Glibc
import NIOCore

/// Resolves host names.
package enum AddressLookup {
    /// A host name that the name service does not resolve.
    package struct UnknownName: Error {
        package let host: String
        package let reason: String
    }

    /// Whether a host is an address already; does not block.
    package static func isAddress(_ host: String) -> Bool {
        do {
            _ = try SocketAddress(ipAddress: host, port: 0)
            return true
        } catch {
            return false
        }
    }

    /// The addresses of a host as text, each once; asks the name service, and blocks.
    package static func addresses(of host: String, port: Int) throws -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            throw UnknownName(host: host, reason: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        var found: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let isRead = getnameinfo(
                entry.ai_addr,
                entry.ai_addrlen,
                &text,
                socklen_t(text.count),
                nil,
                0,
                NI_NUMERICHOST
            )
            let end = text.firstIndex(of: 0) ?? text.endIndex
            let address = String(decoding: text[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
            if isRead == 0, !found.contains(address) { found.append(address) }
            next = entry.ai_next
        }
        return found
    }
}
