import Contracts
import Synchronization

/// A cache of the properties of Ollama's models.
///
/// Thread-safe.
final class OllamaModelCache: Sendable {
    /// Maximum number of entries.
    private static let limit = 4096

    /// The known properties of a model.
    struct Properties: Equatable {
        /// The model's maximum context window, in tokens.
        var window: Int?
        var abilities: [Model.Ability]?
        /// Whether the model was requested by itself, so that nothing more is to be learned.
        var isFull = false
    }

    private struct State {
        var cache: [String: Properties] = [:]
        var digests: [String: String] = [:]
        var quietUntil: ContinuousClock.Instant?
        /// The models whose description failed, with the time of the next request.
        var failed: [String: ContinuousClock.Instant] = [:]

        mutating func store(_ properties: Properties, of model: String) {
            if cache.count < OllamaModelCache.limit || cache[model] != nil { cache[model] = properties }
        }
    }

    private let state = Mutex(State())

    subscript(model: String) -> Properties? {
        state.withLock { $0.cache[model] }
    }

    func store(_ properties: Properties, of model: String) {
        state.withLock { $0.store(properties, of: model) }
    }

    /// Removes entries of models that changed, and adds the properties from a list.
    func update(_ entries: some Sequence<OllamaTags.Entry>) {
        let digests = Dictionary(entries.compactMap { entry in entry.digest.map { (entry.name, $0) } }) { $1 }
        state.withLock { state in
            for (name, digest) in state.digests where digests[name] != digest {
                state.cache[name] = nil
                state.failed[name] = nil
            }
            state.digests = digests
            for entry in entries {
                var properties = state.cache[entry.name] ?? Properties()
                properties.window = entry.properties.window ?? properties.window
                properties.abilities = entry.properties.abilities ?? properties.abilities
                if properties != Properties() { state.store(properties, of: entry.name) }
            }
        }
    }

    /// Whether a model may be described now; not for a while after Ollama was unreachable, or after this model failed.
    func permitsRequest(about model: String) -> Bool {
        state.withLock { state in
            [state.quietUntil, state.failed[model]].allSatisfy { $0.map { $0 <= .now } ?? true }
        }
    }

    /// Pauses requests about all models.
    func pause(for duration: Duration) {
        state.withLock { $0.quietUntil = .now + duration }
    }

    /// Pauses requests about a model whose description failed.
    func pause(_ model: String, for duration: Duration) {
        state.withLock { state in
            if state.failed.count >= Self.limit { state.failed = [:] }
            state.failed[model] = .now + duration
        }
    }
}
