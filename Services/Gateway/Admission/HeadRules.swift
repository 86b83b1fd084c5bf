import NIOHTTP1

/// What a request's head must be like.
///
/// Pure.
enum HeadRules {
    private static let targetLimit = 8192
    private static let headerLimit = 100
    private static let sizeLimit = 16_384

    /// Why the head is refused; `nil` when it is not.
    static func check(_ head: HTTPRequestHead, bodyLimit: Int) -> RejectedRequest? {
        if head.uri.utf8.count > targetLimit {
            return RejectedRequest(.uriTooLong, "The path is longer than \(targetLimit) bytes.")
        }
        let size = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        if head.headers.count > headerLimit || size > sizeLimit {
            return RejectedRequest(
                .requestHeaderFieldsTooLarge,
                "There are more than \(headerLimit) headers, or \(sizeLimit) bytes of them."
            )
        }
        guard PathRules.isPlain(head.uri) else {
            return RejectedRequest(.badRequest, "The path is not in its plain form.")
        }
        return checkHost(head) ?? checkFraming(head, bodyLimit: bodyLimit)
    }

    private static func checkHost(_ head: HTTPRequestHead) -> RejectedRequest? {
        let hosts = head.headers["host"]
        let isMissing = hosts.isEmpty && head.version != .http1_0
        let isOdd = hosts.contains { host in
            host.isEmpty || host.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "/\\@?#,;".utf8.contains($0) }
        }
        guard isMissing || hosts.count > 1 || isOdd else { return nil }
        return RejectedRequest(.badRequest, "The request must carry exactly one Host header that names a host.")
    }

    private static func checkFraming(_ head: HTTPRequestHead, bodyLimit: Int) -> RejectedRequest? {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            return RejectedRequest(.badRequest, "The protocol is neither HTTP/1.1 nor HTTP/1.0.")
        }
        let encodings = head.headers["transfer-encoding"]
        let lengths = head.headers["content-length"]
        if !encodings.isEmpty, head.version == .http1_0 || encodings != ["chunked"] || !lengths.isEmpty {
            return RejectedRequest(.badRequest, "The request's transfer encoding is not plain chunked.")
        }
        guard let text = lengths.first else { return nil }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(text)
        else {
            return RejectedRequest(.badRequest, "The Content-Length is not one number.")
        }
        return length > bodyLimit ? .tooLarge(limit: bodyLimit) : nil
    }
}
