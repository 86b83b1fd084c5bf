package import NIOCore
package import NIOHTTP1

/// A request as its connection received it.
package struct ServerRequest: Sendable {
    package let head: HTTPRequestHead
    package let body: ServerRequestBody
    /// The connection; the request's handler runs on its event loop.
    package let channel: any Channel
    /// The attachment of the connection's guard.
    package var attachment: (any AnyObject & Sendable)?
}

/// The body of a request: complete, or still arriving.
package enum ServerRequestBody: Sendable {
    case whole(ByteBuffer)
    case stream(RequestBodyStream)

    /// Reads the whole body.
    ///
    /// Throws `NIOTooManyBytesError` if it is longer than `limit` bytes.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        switch self {
        case .whole(let bytes):
            guard bytes.readableBytes <= limit else { throw NIOTooManyBytesError(maxBytes: limit) }
            return bytes
        case .stream(let body):
            return try await body.collect(upTo: limit)
        }
    }

    /// The body as a stream.
    package var bytes: ByteStream {
        switch self {
        case .whole(let bytes): ByteStream(bytes)
        case .stream(let body): ByteStream(length: body.length, next: { try await body.next() })
        }
    }
}
