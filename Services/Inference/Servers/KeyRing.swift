import NIOHTTP1
import Synchronization

/// The API keys of one server, as headers.
///
/// Thread-safe.
final class KeyRing: Sendable {
    private let headers: [HTTPHeaders]
    private let rotation: Mutex<KeyRotation>

    /// Without a key there is one entry without headers.
    init(_ server: ServerConfiguration) {
        let keys = server.keys.map(server.kind.keyHeader.headers)
        headers = keys.isEmpty ? [[:]] : keys
        rotation = Mutex(KeyRotation(count: max(1, keys.count)))
    }

    /// Whether a request may be repeated with another key.
    var hasSeveral: Bool { headers.count > 1 }

    func headers(of index: Int) -> HTTPHeaders { headers[index] }

    /// See ``KeyRotation/next(excluding:at:)``.
    func next(excluding tried: Set<Int> = []) -> Int? {
        rotation.withLock { $0.next(excluding: tried, at: .now) }
    }

    /// Notes the outcome of a request with a key; returns whether the fault is the key's.
    func record(_ error: ProviderError?, of index: Int) -> Bool {
        guard let error else {
            rotation.withLock { $0.succeeded(index) }
            return false
        }
        rotation.withLock { $0.setAside(index, error.cause, delay: error.delay, at: .now) }
        return KeyRotation.pause(error.cause, delay: nil) != nil
    }
}
