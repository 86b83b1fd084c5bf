import Contracts
import Synchronization

/// The true windows of Ollama's models, as far as they were asked for.
final class OllamaWindows: Sendable {
    /// More than anybody's models; a bound all the same.
    private static let limit = 4096

    private struct State {
        var windows: [String: Int] = [:]
        var digests: [String: String] = [:]
        var quietUntil: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    subscript(model: String) -> Int? {
        state.withLock { $0.windows[model] }
    }

    func keep(_ window: Int, of model: String) {
        state.withLock {
            guard $0.windows.count < Self.limit else { return }
            $0.windows[model] = window
        }
    }

    /// Forgets what is known of models that are no longer the same.
    func note(_ entries: [OllamaTags.Entry]) {
        let digests = Dictionary(entries.compactMap { entry in entry.digest.map { (entry.name, $0) } }) { $1 }
        state.withLock { state in
            for (name, digest) in state.digests where digests[name] != digest { state.windows[name] = nil }
            state.digests = digests
        }
    }

    /// Whether asking makes sense: not shortly after Ollama could not be reached.
    var isWorthAsking: Bool {
        state.withLock { $0.quietUntil.map { $0 <= .now } ?? true }
    }

    func beQuiet(for duration: Duration) {
        state.withLock { $0.quietUntil = .now + duration }
    }
}
