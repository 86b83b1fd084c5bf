import Contracts
import Synchronization

/// A cache of the properties of Ollama's models. Thread-safe.
final class OllamaModelCache: Sendable {
    /// Maximum number of entries.
    private static let limit = 4096

    /// The known properties of a model.
    struct Note: Equatable {
        /// The model's maximum context window, in tokens.
        var window: Int?
        var abilities: [Model.Ability]?
        /// Whether the model was requested by itself, so that nothing more is to be learned.
        var isFull = false
    }

    private struct State {
        var notes: [String: Note] = [:]
        var digests: [String: String] = [:]
        var quietUntil: ContinuousClock.Instant?

        mutating func keep(_ note: Note, of model: String) {
            if notes.count < OllamaModelCache.limit || notes[model] != nil { notes[model] = note }
        }
    }

    private let state = Mutex(State())

    subscript(model: String) -> Note? {
        state.withLock { $0.notes[model] }
    }

    func keep(_ note: Note, of model: String) {
        state.withLock { $0.keep(note, of: model) }
    }

    /// Removes entries of models that changed, and adds the properties from a list.
    func note(_ entries: some Sequence<OllamaTags.Entry>) {
        let digests = Dictionary(entries.compactMap { entry in entry.digest.map { (entry.name, $0) } }) { $1 }
        state.withLock { state in
            for (name, digest) in state.digests where digests[name] != digest { state.notes[name] = nil }
            state.digests = digests
            for entry in entries {
                var note = state.notes[entry.name] ?? Note()
                note.window = entry.note.window ?? note.window
                note.abilities = entry.note.abilities ?? note.abilities
                if note != Note() { state.keep(note, of: entry.name) }
            }
        }
    }

    /// Whether requests are permitted; not for a while after Ollama was unreachable.
    var isWorthAsking: Bool {
        state.withLock { $0.quietUntil.map { $0 <= .now } ?? true }
    }

    func beQuiet(for duration: Duration) {
        state.withLock { $0.quietUntil = .now + duration }
    }
}
