import Contracts
import Synchronization

/// What is known of Ollama's models, as far as they were asked for.
final class OllamaModelCache: Sendable {
    /// More than anybody's models; a bound all the same.
    private static let limit = 4096

    /// What is known of one.
    struct Note: Equatable {
        /// The window that it was made for.
        var window: Int?
        var abilities: [Model.Ability]?
        /// Whether it was asked for by itself: more will not be known.
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

    /// Forgets what is known of models that are no longer the same, and takes over what a list says.
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

    /// Whether asking makes sense: not shortly after Ollama could not be reached.
    var isWorthAsking: Bool {
        state.withLock { $0.quietUntil.map { $0 <= .now } ?? true }
    }

    func beQuiet(for duration: Duration) {
        state.withLock { $0.quietUntil = .now + duration }
    }
}
