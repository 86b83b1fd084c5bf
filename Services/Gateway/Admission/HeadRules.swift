import Contracts
import NIOHTTP1

/// Validates a request's head.
///
/// Pure.
enum HeadRules {
    private static let targetLimit = 8192
    private static let headerLimit = 100
    private static let sizeLimit = 16_384

    /// Why the head is refused; `nil` for a valid one.
    static func check(_ head: HTTPRequestHead, bodyLimit: Int) -> Fault? {
        if head.uri.utf8.count > targetLimit {
            return Fault(.uriTooLong, "The path is longer than \(targetLimit) bytes.")
        }
        let size = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        if head.headers.count > headerLimit || size > sizeLimit {
            return Fault(.headersTooLarge, "There are more than \(headerLimit) headers, or \(sizeLimit) bytes of them.")
        }
        guard PathRules.isPlain(head.uri) else {
            return Fault(.invalid, "The path must be in its normal form: see RFC 3986, section 6.2.2.")
        }
        return checkHost(head) ?? checkFraming(head, bodyLimit: bodyLimit)
    }

    private static func checkHost(_ head: HTTPRequestHead) -> Fault? {
        let hosts = head.headers["host"]
        let isMissing = hosts.isEmpty && head.version != .http1_0
        let isInvalid = hosts.contains { host in
            host.isEmpty || host.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "/\\@?#,;".utf8.contains($0) }
        }
        guard isMissing || hosts.count > 1 || isInvalid else { return nil }
        return Fault(.invalid, "The request must have exactly one Host header with a valid host.")
    }

    private static func checkFraming(_ head: HTTPRequestHead, bodyLimit: Int) -> Fault? {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return Fault(.unsupportedVersion, "The protocol is neither HTTP/1.1 nor HTTP/1.0.")
        }
        let encodings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        if !encodings.isEmpty, head.version == .http1_0 || encodings != ["chunked"] || !lengths.isEmpty {
            return Fault(.invalid, "The only supported Transfer-Encoding is chunked, without a Content-Length.")
        }
        guard let text = lengths.first else { return nil }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(text)
        else {
            return Fault(.invalid, "The Content-Length must be one number.")
        }
        return length > bodyLimit ? .bodyTooLarge(limit: bodyLimit) : nil
    }
}

extension HTTPRequestHead {
    /// Changes an absolute target, `http://host/path`, into a path.
    ///
    /// RFC 9112 requires servers to support the absolute form. One with a user, or with another host than the `Host`
    /// header, is left as it is, and so is refused.
    mutating func normalizeTarget() {
        guard uri.utf8.first != UInt8(ascii: "/") else { return }
        for scheme in ["http://", "https://"] where uri.lowercased().hasPrefix(scheme) {
            let rest = uri.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard headers["host"].map({ $0.lowercased() }) == [authority.lowercased()] else { return }
            let target = rest[authority.endIndex...]
            uri = target.hasPrefix("/") ? String(target) : "/\(target)"
        }
    }
}
