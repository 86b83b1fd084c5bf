package import NIOCore

/// The rest of a request, handed over as it comes; what is not read yet is bounded, since the socket waits.
///
/// `@unchecked Sendable`: every property below `eventLoop` is touched on that event loop alone; the methods of the
/// reader go through `eventLoop.execute` where they come from elsewhere.
package final class RequestBodyStream: @unchecked Sendable {
    /// Bytes that may wait unread before the socket is no longer read.
    static let bufferLimit = 65_536

    private let eventLoop: any EventLoop
    private var buffer: ByteBuffer
    private var outcome: Result<Void, any Error>?
    private var continuation: CheckedContinuation<ByteBuffer?, any Error>?
    /// Runs when what waited has been read.
    private let taken: () -> Void

    /// `taken`: runs on the event loop when what waited has been read.
    init(eventLoop: any EventLoop, beginning: ByteBuffer, taken: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.taken = taken
        buffer = beginning
    }

    var isFull: Bool { buffer.readableBytes >= Self.bufferLimit }

    func received(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
        handOut()
    }

    func end(_ result: Result<Void, any Error>) {
        guard outcome == nil else { return }
        outcome = result
        handOut()
    }

    /// The bytes that are there, at least one; `nil` at the body's end.
    ///
    /// Throws what broke the connection, or `CancellationError`.
    package func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                eventLoop.inEventLoop ? wait(continuation) : eventLoop.execute { self.wait(continuation) }
            }
        } onCancel: {
            eventLoop.execute { self.end(.failure(CancellationError())) }
        }
    }

    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        while let bytes = try await next() {
            guard whole.readableBytes + bytes.readableBytes <= limit else {
                throw NIOTooManyBytesError(maxBytes: limit)
            }
            if whole.readableBytes == 0 { whole = bytes } else { whole.writeImmutableBuffer(bytes) }
        }
        return whole
    }

    private func wait(_ continuation: CheckedContinuation<ByteBuffer?, any Error>) {
        self.continuation = continuation
        handOut()
    }

    private func handOut() {
        guard let continuation else { return }
        if buffer.readableBytes > 0 {
            let (bytes, wasFull) = (buffer, isFull)
            buffer = ByteBuffer()
            self.continuation = nil
            continuation.resume(returning: bytes)
            if wasFull { taken() }
        } else if let outcome {
            self.continuation = nil
            continuation.resume(with: outcome.map { nil })
        }
    }
}

extension RequestBodyStream: AsyncSequence {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let body: RequestBodyStream

        package func next() async throws -> ByteBuffer? {
            try await body.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: self)
    }
}
