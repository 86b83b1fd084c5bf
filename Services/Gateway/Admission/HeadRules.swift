import NIOCore
import NIOHTTP1

/// What a request's head must be like. Pure.
enum HeadRules {
    /// Why a request is not looked at any further.
    struct Refusal {
        var status: HTTPResponseStatus
        var message: String

        /// The refusal in the shape of v1's errors.
        var body: ByteBuffer {
            let name =
                switch status {
                case .payloadTooLarge: "payload_too_large"
                case .requestTimeout: "request_timeout"
                case .uriTooLong: "uri_too_long"
                case .requestHeaderFieldsTooLarge: "headers_too_large"
                default: "bad_request"
                }
            var json = JSONWriter()
            json.object { json in
                json.field("error", name)
                json.field("message", message)
                json.object("details") { _ in }
            }
            return json.buffer
        }
    }

    static func tooLarge(limit: Int) -> Refusal {
        Refusal(status: .payloadTooLarge, message: "The body is longer than \(limit) bytes.")
    }

    /// Why the head is refused; `nil` when it is not.
    static func check(_ head: HTTPRequestHead, bodyLimit: Int) -> Refusal? {
        if head.uri.utf8.count > 8192 {
            return Refusal(status: .uriTooLong, message: "The path is longer than 8192 bytes.")
        }
        let size = head.headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 }
        if head.headers.count > 100 || size > 16_384 {
            return Refusal(
                status: .requestHeaderFieldsTooLarge, message: "There are more than 100 headers, or 16 KB of them."
            )
        }
        return checkHost(head) ?? checkFraming(head, bodyLimit: bodyLimit) ?? checkPath(head.uri)
    }

    /// What the decoder could not read, in a sentence.
    static func refusal(for error: HTTPParserError) -> Refusal {
        error == .headerOverflow
            ? Refusal(status: .requestHeaderFieldsTooLarge, message: "The headers are too large.")
            : Refusal(status: .badRequest, message: "The request is not HTTP/1.1 as RFC 9112 has it.")
    }

    private static func checkHost(_ head: HTTPRequestHead) -> Refusal? {
        let hosts = head.headers[canonicalForm: "host"]
        let isMissing = hosts.isEmpty && head.version != .http1_0
        let isOdd = hosts.contains { host in
            host.isEmpty || host.utf8.contains { $0 <= 0x20 || $0 >= 0x7F || "/\\@?#,;".utf8.contains($0) }
        }
        guard isMissing || hosts.count > 1 || isOdd else { return nil }
        return Refusal(status: .badRequest, message: "The request must carry exactly one Host header that names a host.")
    }

    private static func checkFraming(_ head: HTTPRequestHead, bodyLimit: Int) -> Refusal? {
        let encodings = head.headers[canonicalForm: "transfer-encoding"]
        let isOld = head.version != .http1_1
        if !encodings.isEmpty, isOld || encodings != ["chunked"] || head.headers.contains(name: "content-length") {
            return Refusal(status: .badRequest, message: "The request's transfer encoding is not plain chunked.")
        }
        let lengths = head.headers[canonicalForm: "content-length"]
        guard let text = lengths.first else { return nil }
        guard lengths.count == 1, let length = Int(text), length >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return Refusal(status: .badRequest, message: "The Content-Length is not one number.")
        }
        return length > bodyLimit ? tooLarge(limit: bodyLimit) : nil
    }

    /// A path must have one spelling: nothing in it that another program might read otherwise.
    private static func checkPath(_ uri: String) -> Refusal? {
        let path = uri.prefix { $0 != "?" }
        let lower = path.lowercased()
        let isPlain = uri.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "#") }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let isOdd =
            !path.hasPrefix("/") || lower.contains("%2f") || lower.contains("%5c") || lower.contains("%00")
            || path.contains(";") || segments.dropLast().contains("")
            || segments.contains { segment in
                [".", ".."].contains(segment.lowercased().replacing("%2e", with: "."))
            }
        guard !isPlain || isOdd || !isEscapedWell(uri) else { return nil }
        return Refusal(status: .badRequest, message: "The path is not in its plain form.")
    }

    /// Whether each `%` begins two hexadecimal digits.
    private static func isEscapedWell(_ uri: String) -> Bool {
        let parts = uri.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        return parts.allSatisfy { part in
            let digits = part.prefix(2)
            return digits.utf8.count == 2 && digits.allSatisfy { $0.isASCII && $0.isHexDigit }
        }
    }
}
