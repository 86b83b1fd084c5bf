package import NIOCore
package import NIOHTTP1

/// A request as its connection brought it.
package struct ServerRequest: Sendable {
    package let head: HTTPRequestHead
    package let body: ServerRequestBody
    /// The connection; whoever answers runs on its event loop.
    package let channel: any Channel
}

/// The body of a request: there, or still coming.
package enum ServerRequestBody: Sendable {
    case whole(ByteBuffer)
    case stream(RequestBodyStream)

    /// The whole body.
    ///
    /// Throws `NIOTooManyBytesError` when it is longer than `limit` bytes.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes):
            guard bytes.readableBytes <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            return bytes
        case .stream(let body):
            return try await body.collect(upTo: limit)
        }
    }
}
