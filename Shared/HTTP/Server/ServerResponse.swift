package import NIOCore
package import NIOHTTP1

/// A response to a request.
///
/// The connection adds `date`, the length of a whole body, and `connection`.
package struct ServerResponse: Sendable {
    package enum Body: Sendable {
        case whole(ByteBuffer)
        /// Written by the closure. If it throws, or returns without ``ResponseWriter/finish(_:)``, the connection is
        /// closed, so that the client does not take the body for complete.
        case stream(@Sendable (ResponseWriter) async throws -> Void)
        /// Switches protocols: after the head, the connection is a tunnel of raw bytes. When the closure returns, the
        /// connection ends properly; when it throws, the connection is reset.
        ///
        /// The status is 101, and the headers contain `upgrade`. A request that did not ask for an upgrade is answered
        /// with 426.
        case upgrade(@Sendable (ByteTunnel) async throws -> Void)
    }

    package var status: HTTPResponseStatus
    package var headers: HTTPHeaders
    package var body: Body
    /// The heartbeats of a streamed body, instead of those of its content type.
    package var heartbeat: StreamHeartbeat?

    package init(status: HTTPResponseStatus, headers: HTTPHeaders = HTTPHeaders(), body: Body) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Creates a response whose body is copied from a stream, with the stream's length.
    package init(status: HTTPResponseStatus, headers: HTTPHeaders = HTTPHeaders(), stream: ByteStream) {
        var headers = headers
        if let length = stream.length { headers.replaceOrAdd(name: "content-length", value: String(length)) }
        self.init(
            status: status,
            headers: headers,
            body: .stream { writer in
                defer { stream.close() }
                while let bytes = try await stream.next() { try await writer.write(bytes) }
                try await writer.finish()
            }
        )
    }

    /// Creates a response that switches to another protocol.
    package static func upgrade(
        to protocolName: String,
        headers: HTTPHeaders = HTTPHeaders(),
        _ run: @escaping @Sendable (ByteTunnel) async throws -> Void
    ) -> ServerResponse {
        var headers = headers
        headers.replaceOrAdd(name: "upgrade", value: protocolName)
        return ServerResponse(status: .switchingProtocols, headers: headers, body: .upgrade(run))
    }
}

/// Bytes that are written to a streamed body at a fixed interval, whatever else is written; its readers ignore them.
package struct StreamHeartbeat: Sendable {
    package var interval: TimeAmount
    /// Returns the bytes of the next heartbeat.
    package var bytes: @Sendable () -> ByteBuffer

    package init(interval: TimeAmount, bytes: @escaping @Sendable () -> ByteBuffer) {
        self.interval = interval
        self.bytes = bytes
    }
}
