import Contracts
import Foundation
package import NIOCore
import NIOFoundationCompat

/// Many values, one after another; pulled, never pushed, so that a slow reader slows the writer.
///
/// What came in one read is one batch. One consumer only. Whoever stops before the end calls ``close()``.
package struct ElementStream<Element: Codable & Sendable>: Sendable {
    private let source: Source
    private let closing: @Sendable () -> Void

    private enum Source: Sendable {
        case values(@Sendable () async throws -> [Element]?)
        case encoded(@Sendable () async throws -> [ByteBuffer]?)
    }

    /// A stream of values; `next` answers `nil` once the end has been said.
    package init(
        next: @escaping @Sendable () async throws -> [Element]?,
        close: @escaping @Sendable () -> Void
    ) {
        source = .values(next)
        closing = close
    }

    /// A stream of values that are JSON already, one a buffer.
    package init(
        encoded: @escaping @Sendable () async throws -> [ByteBuffer]?,
        close: @escaping @Sendable () -> Void
    ) {
        source = .encoded(encoded)
        closing = close
    }

    /// The values that are there, at least one; `nil` after the last.
    package func nextBatch() async throws -> [Element]? {
        switch source {
        case .values(let next): try await next()
        case .encoded(let next): try await next()?.map { try BusCoding.decode(Element.self, from: $0) }
        }
    }

    /// Like ``nextBatch()``, as JSON, for those who pass it on without looking.
    package func nextEncodedBatch() async throws -> [ByteBuffer]? {
        switch source {
        case .values(let next): try await next()?.map { try BusCoding.encode($0) }
        case .encoded(let next): try await next()
        }
    }

    /// Leaves: the work that makes the values is cancelled.
    ///
    /// Harmless after the end and when repeated.
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
