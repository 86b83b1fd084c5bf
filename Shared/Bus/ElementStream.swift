import Contracts
import Foundation
package import NIOCore
import NIOFoundationCompat

/// A stream of values with back-pressure, for one consumer.
///
/// Values that arrived in one read are one batch. A consumer that stops before the end must call ``close()``.
package struct ElementStream<Element: Codable & Sendable>: Sendable {
    private let source: Source
    private let closing: @Sendable () -> Void

    private enum Source: Sendable {
        case values(@Sendable () async throws -> [Element]?)
        case encoded(@Sendable () async throws -> [ByteBuffer]?)
    }

    /// Creates a stream of values; `next` returns `nil` at the end.
    package init(
        next: @escaping @Sendable () async throws -> [Element]?,
        close: @escaping @Sendable () -> Void
    ) {
        source = .values(next)
        closing = close
    }

    /// Creates a stream of encoded values, one in each buffer.
    package init(
        encoded: @escaping @Sendable () async throws -> [ByteBuffer]?,
        close: @escaping @Sendable () -> Void
    ) {
        source = .encoded(encoded)
        closing = close
    }

    /// Returns the values received since the last call, at least one; `nil` at the end.
    package func nextBatch() async throws -> [Element]? {
        switch source {
        case .values(let next): try await next()
        case .encoded(let next): try await next()?.map { try BusCoding.decode(Element.self, from: $0) }
        }
    }

    /// Returns the next batch as encoded JSON, without decoding it.
    package func nextEncodedBatch() async throws -> [ByteBuffer]? {
        switch source {
        case .values(let next): try await next()?.map { try BusCoding.encode($0) }
        case .encoded(let next): try await next()
        }
    }

    /// Closes the stream and cancels the work behind it.
    ///
    /// Idempotent.
    package func close() {
        closing()
    }
}

extension ElementStream: AsyncSequence {
    package struct AsyncIterator: AsyncIteratorProtocol {
        let stream: ElementStream
        var batch: ArraySlice<Element> = []

        package mutating func next() async throws -> Element? {
            while batch.isEmpty {
                guard let next = try await stream.nextBatch() else { return nil }
                batch = next[...]
            }
            return batch.removeFirst()
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self)
    }
}
