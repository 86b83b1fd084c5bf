package import NIOCore

/// The body of a request as it arrives; the socket is not read while too much of it is unread.
///
/// `@unchecked Sendable`: the properties below `eventLoop` are used on that event loop only; the reader's methods go
/// through `eventLoop.execute`.
package final class RequestBodyStream: @unchecked Sendable {
    /// Number of unread bytes from which on the socket is no longer read.
    static let bufferLimit = 65_536

    /// The body that the client was not asked to send (`Expect: 100-continue`), because the response began first.
    package struct NotRequested: Error {}

    /// The announced length in bytes; `nil` for a chunked body.
    package let length: Int?
    private let eventLoop: any EventLoop
    private var buffer: ByteBuffer
    private var outcome: Result<Void, any Error>?
    private var reader = SingleWaiter<ByteBuffer?>()
    /// Runs when more of the body is wanted.
    private let demand: () -> Void

    /// Creates the body of `length` bytes, if it is announced, of which `beginning` has arrived.
    ///
    /// `demand`: runs on the event loop when more of the body is wanted.
    init(eventLoop: any EventLoop, length: Int?, beginning: ByteBuffer, demand: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.length = length
        self.demand = demand
        buffer = beginning
    }

    var isFull: Bool { buffer.readableBytes >= Self.bufferLimit }

    func received(_ bytes: ByteBuffer) {
        // Nobody reads a body that has failed.
        guard outcome == nil else { return }
        if buffer.readableBytes == 0 { buffer = bytes } else { buffer.writeImmutableBuffer(bytes) }
        deliver()
    }

    func end(_ result: Result<Void, any Error>) {
        guard outcome == nil else { return }
        outcome = result
        deliver()
    }

    /// Returns the bytes that have arrived, at least one; `nil` at the end of the body.
    ///
    /// Throws the connection's error, or `CancellationError`.
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
        reader.wait(continuation)
        deliver()
        if reader.isWaiting { demand() }
    }

    private func deliver() {
        guard reader.isWaiting else { return }
        if buffer.readableBytes > 0 {
            let (bytes, wasFull) = (buffer, isFull)
            buffer = ByteBuffer()
            reader.resume(returning: bytes)
            if wasFull { demand() }
        } else if let outcome {
            switch outcome {
            case .success: reader.resume(returning: nil)
            case .failure(let error): reader.resume(throwing: error)
            }
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
