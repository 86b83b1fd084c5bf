package import NIOCore
package import NIOHTTP1

/// What a request is answered with.
///
/// The connection adds `date`, the length of what is whole, and `connection` where it is about to close.
package struct ServerResponse: Sendable {
    package enum Body: Sendable {
        case whole(ByteBuffer)
        /// Written bit by bit; what the closure throws breaks the connection off, and so does an end without
        /// ``ResponseWriter/finish(_:)``.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
    }

    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: Body

    package init(status: HTTPResponseStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
