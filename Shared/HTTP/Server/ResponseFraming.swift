import NIOCore
import NIOHTTP1

/// What an answer must be like on the wire: its request's protocol, whether a body may follow, and how much of it.
///
/// Pure.
struct ResponseFraming {
    /// A body is longer or shorter than its head said.
    struct WrongLength: Error {}

    private(set) var version = HTTPVersion.http1_1
    /// Whether the head is all that may be sent.
    private(set) var isHeadOnly = false
    /// How much of the body is still due; `nil` when its end is told otherwise.
    var left: Int?

    init() {}

    init(_ request: HTTPRequestHead) {
        // Version 1.0 knows neither chunks nor, by itself, a second request.
        if request.version.minor == 0 { version = .http1_0 }
        isHeadOnly = request.method == .HEAD
    }

    /// Whether only the end of the connection says that the body is whole.
    var endsWithConnection: Bool { version == .http1_0 && left == nil }

    /// Whether the part keeps to the length that was announced; counts it.
    mutating func admits(_ part: HTTPServerResponsePart) -> Bool {
        guard let left else { return true }
        switch part {
        case .head: return true
        case .body(let bytes):
            guard bytes.readableBytes <= left else { return false }
            self.left = left - bytes.readableBytes
            return true
        case .end: return left == 0
        }
    }
}
