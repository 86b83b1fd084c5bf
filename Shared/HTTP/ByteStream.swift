package import NIOCore
import Synchronization

/// A body as a stream of byte chunks, pulled by its consumer.
///
/// Only one task may read it. The producer is released by ``close()`` or when the stream is deallocated.
package final class ByteStream: Sendable {
    /// The total length in bytes; `nil` if unknown.
    package let length: Int?
    private let read: @Sendable () async throws -> ByteBuffer?
    private let closing: @Sendable () -> Void

    /// Creates a stream.
    /// - Parameters:
    ///   - length: the total length in bytes, if known.
    ///   - next: returns the next chunk, `nil` after the last one.
    ///   - close: releases the producer; may be called more than once and after the end.
    package init(
        length: Int? = nil,
        next: @escaping @Sendable () async throws -> ByteBuffer?,
        close: @escaping @Sendable () -> Void = {}
    ) {
        self.length = length
        read = next
        closing = close
    }

    /// Creates a stream of bytes that are there.
    package convenience init(_ bytes: ByteBuffer) {
        let rest = Mutex(bytes.readableBytes > 0 ? bytes : nil)
        self.init(length: bytes.readableBytes, next: { rest.withLock { $0.take() } })
    }

    deinit {
        closing()
    }

    /// Returns the next chunk; `nil` after the last one.
    package func next() async throws -> ByteBuffer? {
        try await read()
    }

    /// Releases the producer; idempotent.
    package func close() {
        closing()
    }

    /// Reads the whole body.
    ///
    /// Throws `NIOTooManyBytesError` if the body is longer than `limit` bytes.
    package func collect(upTo limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        while let bytes = try await next() {
            guard whole.readableBytes + bytes.readableBytes <= limit else {
                close()
                throw NIOTooManyBytesError(maxBytes: limit)
            }
            if whole.readableBytes == 0 { whole = bytes } else { whole.writeImmutableBuffer(bytes) }
        }
        return whole
    }
}

extension ByteStream: AsyncSequence {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let stream: ByteStream

        package func next() async throws -> ByteBuffer? {
            try await stream.next()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self)
    }
}
