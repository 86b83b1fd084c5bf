package import NIOCore
import NIOHTTP1

extension HTTPClient {
    /// The body of a response, read when its consumer asks for it.
    package struct Body: Sendable {
        private let lease: Lease
        private var decoder: ContentDecoder?

        init(exchange: HTTPExchange) {
            lease = Lease(exchange: exchange)
        }

        /// The body without its content encoding, of at most `limit` bytes.
        ///
        /// Reading it also throws `encoding` for an encoding that cannot be decoded, and `tooLarge`.
        func decoded(_ encoding: ContentEncoding, limit: Int) -> Body {
            var body = self
            body.decoder = ContentDecoder(encoding, limit: limit)
            return body
        }

        /// Returns all bytes that have arrived, at least one; `nil` at the proper end of the body.
        ///
        /// Cancelling the task closes the connection. Throws ``HTTPClientError`` or `CancellationError`.
        package func nextRead() async throws -> ByteBuffer? {
            guard let decoder else { return try await nextEncoded() }
            do {
                return try await decoder.next { try await nextEncoded() }
            } catch let error as ContentDecodingError {
                close()
                throw HTTPClientError(error)
            }
        }

        /// Returns all bytes that have arrived, with their content encoding.
        private func nextEncoded() async throws -> ByteBuffer? {
            let exchange = lease.exchange
            if exchange.eventLoop.inEventLoop, let ready = exchange.takeReady() {
                return try ready.get()
            }
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { continuation in
                    exchange.eventLoop.inEventLoop
                        ? exchange.read(continuation) : exchange.eventLoop.execute { exchange.read(continuation) }
                }
            } onCancel: {
                exchange.eventLoop.execute { exchange.fail(CancellationError()) }
            }
        }

        /// Reads the whole body.
        ///
        /// Throws `tooLarge` and closes the connection if it is longer than `limit` bytes.
        package func collect(upTo limit: Int) async throws -> ByteBuffer {
            var whole = ByteBuffer()
            while let bytes = try await nextRead() {
                if whole.readableBytes == 0 { whole = bytes } else { whole.writeImmutableBuffer(bytes) }
                guard whole.readableBytes <= limit else {
                    close()
                    throw HTTPClientError(.tooLarge, "The response is longer than \(limit) bytes.")
                }
            }
            return whole
        }

        /// Closes the connection unless the body has ended; idempotent.
        package func close() {
            lease.end()
        }
    }

    /// Ends the exchange when the last copy of its body is deallocated.
    private final class Lease: Sendable {
        let exchange: HTTPExchange

        init(exchange: HTTPExchange) {
            self.exchange = exchange
        }

        func end() {
            let exchange = exchange
            if exchange.eventLoop.inEventLoop { return exchange.fail(CancellationError()) }
            exchange.eventLoop.execute { exchange.fail(CancellationError()) }
        }

        deinit {
            end()
        }
    }
}

extension HTTPClient.Response {
    /// The response with its body decoded: gzip and deflate are supported, up to `limit` decoded bytes.
    package func decodingContent(upTo limit: Int) -> HTTPClient.Response {
        var response = self
        response.body = body.decoded(ContentEncoding(headers), limit: limit)
        return response
    }

    /// The body as a stream, with the length that the response announces.
    package var bytes: ByteStream {
        let length = headers.first(name: "content-length").flatMap { Int($0) }
        let body = body
        return ByteStream(length: length, next: { try await body.nextRead() }, close: { body.close() })
    }
}
