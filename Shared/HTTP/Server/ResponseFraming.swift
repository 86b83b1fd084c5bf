import NIOCore
import NIOHTTP1

/// How a response is framed on the wire: its protocol version, whether it may have a body, and the body's length.
///
/// Pure.
struct ResponseFraming {
    /// The body is longer or shorter than its `content-length`.
    struct WrongLength: Error {}

    private(set) var version = HTTPVersion.http1_1
    /// Whether the response has no body, because the request was `HEAD`.
    private(set) var isHeadOnly = false
    /// Number of body bytes that are still to be written; `nil` if the length is unknown.
    var remainingBytes: Int?

    init() {}

    init(_ request: HTTPRequestHead) {
        // HTTP/1.0 has no chunked encoding and, by default, no second request.
        if request.version.minor == 0 { version = .http1_0 }
        isHeadOnly = request.method == .HEAD
    }

    /// Whether only the end of the connection marks the end of the body.
    var endsWithConnection: Bool { version == .http1_0 && remainingBytes == nil }

    /// Counts a part of the body; returns `false` if it does not fit the announced length.
    mutating func admits(_ part: HTTPServerResponsePart) -> Bool {
        guard let remainingBytes else { return true }
        switch part {
        case .head: return true
        case .body(let bytes):
            guard bytes.readableBytes <= remainingBytes else { return false }
            self.remainingBytes = remainingBytes - bytes.readableBytes
            return true
        case .end: return remainingBytes == 0
        }
    }
}
