import Synchronization

/// The number of changes of personas since the start, by which conversations in memory notice a change.
final class PersonaRevision: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock(\.self) }

    /// Records a change that is stored.
    func advance() {
        count.withLock { $0 += 1 }
    }
}
