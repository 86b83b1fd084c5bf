import Bus
import Contracts
import Synchronization

/// Ties a long answer to the key by which it was asked for: when that is revoked, or is another than it was, the answer
/// ends, and whoever may go on comes back.
struct KeyHold: Sendable {
    /// Whether a key is no longer what it was, and what ends then.
    private final class Grip: Sendable {
        private let state = Mutex<(isDue: Bool, end: (@Sendable () -> Void)?)>((false, nil))

        var isDue: Bool { state.withLock(\.isDue) }

        func lose() {
            let end = state.withLock { state in
                state.isDue = true
                return state.end
            }
            end?()
        }

        func hold(_ end: @escaping @Sendable () -> Void) {
            let isDue = state.withLock { state in
                state.end = end
                return state.isDue
            }
            if isDue { end() }
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

    let key: APIKey.ID
    let cache: KeyCache

    /// The stream, which ends with a fault when the key is no longer what it was.
    func tie<Element>(_ stream: ElementStream<Element>) -> ElementStream<Element> {
        let grip = Grip()
        let holder = cache.hold(key) { grip.lose() }
        return tie(stream, grip, holder)
    }

    /// The stream that is made, with the key in hold while it is.
    func tie<Element>(
        _ make: () async throws -> ElementStream<Element>
    ) async throws -> ElementStream<Element> {
        let grip = Grip()
        let holder = cache.hold(key) { grip.lose() }
        do {
            return tie(try await make(), grip, holder)
        } catch {
            cache.release(holder, of: key)
            throw error
        }
    }

    private func tie<Element>(
        _ stream: ElementStream<Element>,
        _ grip: Grip,
        _ holder: UInt64
    ) -> ElementStream<Element> {
        let (cache, key) = (cache, key)
        let tie = Tie(stream) { cache.release(holder, of: key) }
        // Weakly: a stream that nobody reads any more must not be kept by its key.
        grip.hold { [weak tie] in tie?.stream.close() }
        return ElementStream(
            encoded: {
                do {
                    return try await tie.stream.nextEncodedBatch()
                } catch  where grip.isDue {
                    throw Fault(.cut, "The API key was revoked or changed. Who may go on reads on from the last event.")
                }
            },
            close: { tie.close() }
        )
    }
}
