import Foundation

/// An HTTP proxy: it is asked for a tunnel to `https` targets, and forwards requests to `http` targets.
package struct HTTPProxy: Sendable, Hashable {
    package let target: HTTPTarget
    /// The value of `Proxy-Authorization`; a secret.
    package let authorization: String?

    /// Parses `http://proxy.example:3128` or `http://user:password@proxy.example:3128`; the default port is 80.
    ///
    /// Throws an ``HTTPClientError`` that does not contain the credentials.
    package static func parse(_ url: String) throws(HTTPClientError) -> HTTPProxy {
        let text = url.contains("://") ? url : "http://" + url
        guard text.hasPrefix("http://") else {
            throw HTTPClientError(.badURL, "A proxy must have an http URL, such as http://proxy.example:3128.")
        }
        var rest = text.dropFirst("http://".count)
        var authorization: String?
        if let end = rest.lastIndex(of: "@") {
            let login = rest[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let parts = login.map { $0.removingPercentEncoding ?? String($0) } + (login.count == 1 ? [""] : [])
            authorization = "Basic " + Data(parts.joined(separator: ":").utf8).base64EncodedString()
            rest = rest[rest.index(after: end)...]
        }
        let (target, path) = try HTTPTarget.parse("http://" + rest)
        guard path == "/" else {
            throw HTTPClientError(.badURL, "The URL of a proxy has no path. Set it to http://host:port.")
        }
        return HTTPProxy(target: target, authorization: authorization)
    }
}
