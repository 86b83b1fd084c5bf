import Bus
import Contracts
import HTTP
import Synchronization

/// Ties an answer to the key by which it was asked for: when that stops being good, the answer ends, and with it the work
/// behind it.
///
/// It is a registration with the ``KeyCache`` and one with the connection upstream; no task waits for it.
struct KeyHold: Sendable {
    /// Whether the key was lost, and what is left then.
    private final class Grip: Sendable {
        let handle = CallHandle()
        private let loss = Mutex<KeyLoss?>(nil)

        /// What became of the key, if it was lost.
        var fault: Fault? { loss.withLock(\.self)?.fault }

        func lose(_ why: KeyLoss) {
            loss.withLock { $0 = $0 ?? why }
            handle.leave()
        }
    }

    /// A stream and its grip; dropped, it lets go of both.
    private final class Tie<Element: Codable & Sendable>: Sendable {
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
        let (grip, holder) = take()
        defer { cache.release(holder, of: key.id) }
        var call = call
        call.handle = grip.handle
        do {
            return try await ask(call)
        } catch {
            throw grip.fault ?? error
        }
    }

    /// The stream that is asked for; it ends with a fault when the key is lost, also before it has begun.
    func stream<Element>(
        _ call: CallContext,
        _ ask: (CallContext) async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        let (grip, holder) = take()
        var call = call
        call.handle = grip.handle
        do {
            return tie(try await ask(call), grip, holder)
        } catch {
            cache.release(holder, of: key.id)
            throw grip.fault ?? error
        }
    }

    private func take() -> (Grip, UInt64) {
        let grip = Grip()
        return (grip, cache.hold(key, since: version) { grip.lose($0) })
    }

    private func tie<Element>(
        _ stream: ElementStream<Element>,
        _ grip: Grip,
        _ holder: UInt64
    ) -> ElementStream<Element> {
        let (cache, key) = (cache, key.id)
        let tie = Tie(stream) { cache.release(holder, of: key) }
        return ElementStream(
            encoded: {
                do {
                    return try await tie.stream.nextEncodedBatch()
                } catch {
                    throw grip.fault ?? error
                }
            },
            close: { tie.close() }
        )
    }
}
