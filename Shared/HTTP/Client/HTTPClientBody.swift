package import NIOCore

extension HTTPClient {
    /// The body of a response, read as its consumer asks for it.
    package struct Body: Sendable {
        private let lease: Lease

        init(exchange: HTTPExchange) {
            lease = Lease(exchange: exchange)
        }

        /// All bytes that are there, at least one; `nil` at the body's proper end.
        ///
        /// Cancelling the task closes the connection. Throws ``HTTPClientError`` or `CancellationError`.
        package func nextRead() async throws -> ByteBuffer? {
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

        /// The whole body.
        ///
        /// Throws `tooLarge` and leaves when it is longer than `limit` bytes.
        package func collect(upTo limit: Int) async throws -> ByteBuffer {
            var whole = ByteBuffer()
            while let bytes = try await nextRead() {
                if whole.readableBytes == 0 { whole = bytes } else { whole.writeImmutableBuffer(bytes) }
                guard whole.readableBytes <= limit else {
                    close()
                    throw HTTPClientError(.tooLarge, "The answer is longer than \(limit) bytes.")
                }
            }
            return whole
        }

        /// Leaves: closes the connection unless the body has ended.
        ///
        /// Harmless when repeated.
        package func close() {
            lease.leave()
        }
    }

    /// Leaves the exchange when nobody holds the body any more.
    private final class Lease: Sendable {
        let exchange: HTTPExchange

        init(exchange: HTTPExchange) {
            self.exchange = exchange
        }

        func leave() {
            let exchange = exchange
            if exchange.eventLoop.inEventLoop { return exchange.fail(CancellationError()) }
            exchange.eventLoop.execute { exchange.fail(CancellationError()) }
        }

        deinit {
            leave()
        }
    }
}
