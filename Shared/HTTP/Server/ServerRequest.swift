package import NIOCore
package import NIOHTTP1

/// A request as its connection brought it.
package struct ServerRequest: Sendable {
    package let head: HTTPRequestHead
    package let body: ServerRequestBody
    /// The connection; whoever answers runs on its event loop.
    package let channel: any Channel
    /// What the connection's guard found out about the request.
    package var attachment: (any AnyObject & Sendable)?
}

/// Carries what a connection's guard finds out about each request to the request itself.
///
/// The guard appends one attachment before it passes on each head. Confined to the connection's event loop.
package final class RequestAttachments {
    private var attachments = CircularBuffer<any AnyObject & Sendable>()

    /// Appends the attachment of the request whose head is passed on next.
    package func append(_ attachment: any AnyObject & Sendable) {
        attachments.append(attachment)
    }

    func next() -> (any AnyObject & Sendable)? {
        attachments.popFirst()
    }
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
