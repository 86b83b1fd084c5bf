import Bus
import Contracts
import HTTP
import Synchronization

/// Ties an answer to the key by which it was asked for: when that stops being good, the answer ends, and with it the work
/// behind it.
///
/// It is a registration with the ``KeyCache`` and one with the connection upstream; no task waits for it.
struct KeyLease: Sendable {
    /// Whether the key was lost, and what is left then.
    private final class Cancellation: Sendable {
        let canceller = CallCanceller()
        private let loss = Mutex<KeyInvalidation?>(nil)

        /// What became of the key, if it was lost.
        var fault: Fault? { loss.withLock(\.self)?.fault }

        func lose(_ why: KeyInvalidation) {
            loss.withLock { $0 = $0 ?? why }
            canceller.cancel()
        }
    }

    /// A stream and its cancellation; dropped, it lets go of both.
    private final class LeasedStream<Element: Codable & Sendable>: Sendable {
        let stream: ElementStream<Element>
        private let release: @Sendable () -> Void

        init(_ stream: ElementStream<Element>, release: @escaping @Sendable () -> Void) {
            self.stream = stream
            self.release = release
        }

        deinit {
            close()
        }

        func close() {
            release()
            stream.close()
        }
    }

    /// The key as it was believed.
    let key: APIKey
    /// What the cache knew before it was believed: what was told since may concern it.
    let version: UInt64
    let cache: KeyCache

    /// The answer to what is asked, unless the key is lost before it is whole.
    func answer<Answer>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> Answer
    ) async throws -> Answer {
        let (cancellation, lease) = take()
        defer { cache.removeLease(lease, of: key.id) }
        var call = call
        call.canceller = cancellation.canceller
        do {
            return try await ask(call)
        } catch {
            throw cancellation.fault ?? error
        }
    }

    /// The stream that is asked for; it ends with a fault when the key is lost, also before it has begun.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        let (cancellation, lease) = take()
        var call = call
        call.canceller = cancellation.canceller
        do {
            return tie(try await ask(call), cancellation, lease)
        } catch {
            cache.removeLease(lease, of: key.id)
            throw cancellation.fault ?? error
        }
    }

    private func take() -> (Cancellation, UInt64) {
        let cancellation = Cancellation()
        return (cancellation, cache.addLease(key, since: version) { cancellation.lose($0) })
    }

    private func tie<Element>(
        _ stream: ElementStream<Element>,
        _ cancellation: Cancellation,
        _ lease: UInt64
    ) -> ElementStream<Element> {
        let (cache, key) = (cache, key.id)
        let tie = LeasedStream(stream) { cache.removeLease(lease, of: key) }
        return ElementStream(
            encoded: {
                do {
                    return try await tie.stream.nextEncodedBatch()
                } catch {
                    throw cancellation.fault ?? error
                }
            },
            close: { tie.close() }
        )
    }
}
