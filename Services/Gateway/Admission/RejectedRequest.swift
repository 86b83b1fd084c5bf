import JSON
import NIOCore
import NIOHTTP1

/// Why a request is not looked at any further, as an answer in the shape of v1's errors.
struct RejectedRequest {
    let status: HTTPResponseStatus
    let message: String

    init(_ status: HTTPResponseStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    static func tooLarge(limit: Int) -> RejectedRequest {
        RejectedRequest(.payloadTooLarge, "The body is longer than \(limit) bytes.")
    }

    /// What the decoder could not read.
    init(_ error: HTTPParserError) {
        self =
            error == .headerOverflow
            ? RejectedRequest(.requestHeaderFieldsTooLarge, "The headers are too large.")
            : RejectedRequest(.badRequest, "The request is not HTTP/1.1 as RFC 9112 has it.")
    }

    /// The whole answer, without its body for a `HEAD`; the connection ends after it.
    func parts(isHeadOnly: Bool) -> [HTTPServerResponsePart] {
        var json = JSONWriter()
        json.object { json in
            json.field("error", name)
            json.field("message", message)
            json.object("details") { _ in }
        }
        let headers: HTTPHeaders = [
            "content-type": "application/json", "content-length": String(json.buffer.readableBytes),
            "connection": "close",
        ]
        let head = HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))
        return isHeadOnly ? [head, .end(nil)] : [head, .body(.byteBuffer(json.buffer)), .end(nil)]
    }

    private var name: String {
        switch status {
        case .payloadTooLarge: "payload_too_large"
        case .requestTimeout: "request_timeout"
        case .uriTooLong: "uri_too_long"
        case .requestHeaderFieldsTooLarge: "headers_too_large"
        default: "bad_request"
        }
    }
}
