import Synchronization

/// A cache of the list of models.
///
/// Thread-safe.
final class AnthropicModelCache: Sendable {
    private struct State {
        var entries: [String: AnthropicModels.Entry] = [:]
        /// Models that were requested recently, with the time of the next permitted request.
        var quiet: [String: ContinuousClock.Instant] = [:]
    }

    /// Maximum number of entries.
    private static let limit = 1000

    private let state = Mutex(State())

    subscript(model: String) -> AnthropicModels.Entry? {
        state.withLock { $0.entries[model] }
    }

    func replace(_ entries: [AnthropicModels.Entry]) {
        state.withLock { state in
            state.entries = Dictionary(entries.map { ($0.id, $0) }) { first, _ in first }
            state.quiet = [:]
        }
    }

    func keep(_ entry: AnthropicModels.Entry, as model: String) {
        state.withLock { state in
            guard state.entries.count < Self.limit else { return }
            state.entries[model] = entry
        }
    }

    /// Whether a model may be requested; then it may not be requested again for a while.
    func mayAsk(for model: String) -> Bool {
        state.withLock { state in
            if let end = state.quiet[model], end > .now { return false }
            if state.quiet.count >= Self.limit { state.quiet = [:] }
            state.quiet[model] = .now + .seconds(5)
            return true
        }
    }
}
