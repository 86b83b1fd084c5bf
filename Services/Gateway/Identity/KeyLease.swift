import Bus
import Contracts
import HTTP
import Synchronization

/// Cancels a call when its API key becomes invalid.
///
/// Registers with the ``KeyCache`` and with the upstream connection; no task waits for the invalidation.
struct KeyLease: Sendable {
    /// The upstream call, and why it was cancelled.
    private final class Cancellation: Sendable {
        let canceller = CallCanceller()
        private let invalidation = Mutex<KeyInvalidation?>(nil)

        /// The fault of the invalidation, if the key was invalidated.
        var fault: Fault? { invalidation.withLock(\.self)?.fault }

        func cancel(_ reason: KeyInvalidation) {
            invalidation.withLock { $0 = $0 ?? reason }
            canceller.cancel()
        }
    }

    /// A stream with a lease; releases both when it is closed or deallocated.
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

    /// The verified key.
    let key: APIKey
    /// The version of the cache before the key was verified; later changes may concern the key.
    let version: UInt64
    let cache: KeyCache

    /// Makes a call; throws `keyInvalidated` if the key becomes invalid first.
    func answer<Answer>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> Answer
    ) async throws -> Answer {
        let (cancellation, lease) = register()
        defer { cache.removeLease(lease, of: key.id) }
        var call = call
        call.canceller = cancellation.canceller
        do {
            return try await ask(call)
        } catch {
            throw cancellation.fault ?? error
        }
    }

    /// Opens a stream; it ends with `keyInvalidated` when the key becomes invalid, also before the first element.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        let (cancellation, lease) = register()
        var call = call
        call.canceller = cancellation.canceller
        do {
            return leased(try await ask(call), cancellation, lease)
        } catch {
            cache.removeLease(lease, of: key.id)
            throw cancellation.fault ?? error
        }
    }

    private func register() -> (Cancellation, UInt64) {
        let cancellation = Cancellation()
        return (cancellation, cache.addLease(key, since: version) { cancellation.cancel($0) })
    }

    private func leased<Element>(
        _ stream: ElementStream<Element>,
        _ cancellation: Cancellation,
        _ lease: UInt64
    ) -> ElementStream<Element> {
        let (cache, key) = (cache, key.id)
        let leased = LeasedStream(stream) { cache.removeLease(lease, of: key) }
        return ElementStream(
            encoded: {
                do {
                    return try await leased.stream.nextEncodedBatch()
                } catch {
                    throw cancellation.fault ?? error
                }
            },
            close: { leased.close() }
        )
    }
}
