package import NIOCore
package import NIOHTTP1

/// What a request is answered with.
///
/// The connection adds `date`, the length of what is whole, and `connection` where it is about to close.
package struct ServerAnswer: Sendable {
    package enum Body: Sendable {
        case whole(ByteBuffer)
        /// Written bit by bit; what the closure throws breaks the connection off, and so does an end without
        /// ``AnswerWriter/finish(_:)``.
        case written(@Sendable (AnswerWriter) async throws -> Void)
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
