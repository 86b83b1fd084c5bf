import Bus
import Contracts
import Synchronization

/// Ties a long answer to the key by which it was asked for: when that is revoked, or is another than it was, the answer
/// ends, and whoever may go on comes back.
struct KeyHold: Sendable {
    /// Whether a key took its stream along.
    private final class Ending: Sendable {
        let isDue = Mutex(false)
    }

    let key: APIKey.ID
    let cache: KeyCache

    /// The stream, which ends with a fault when the key is no longer what it was.
    func tie<Element>(_ stream: ElementStream<Element>) -> ElementStream<Element> {
        let ending = Ending()
        let holder = cache.hold(key) {
            ending.isDue.withLock { $0 = true }
            stream.close()
        }
        return ElementStream(
            encoded: {
                do {
                    return try await stream.nextEncodedBatch()
                } catch  where ending.isDue.withLock(\.self) {
                    throw Fault(.cut, "The API key was revoked or changed. Who may go on reads on from the last event.")
                }
            },
            close: {
                cache.release(holder, of: key)
                stream.close()
            }
        )
    }
}
