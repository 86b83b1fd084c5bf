import Contracts
import Synchronization

/// The conversations whose queued turns are to be started, now or after a pause.
///
/// An attempt that fails is repeated after a pause that grows, until it succeeds or the conversation is gone.
final class ResumptionQueue: Sendable {
    private static let maxPause = Duration.seconds(60)

    private struct Entry {
        var failures = 0
        /// `nil` while an attempt is in progress.
        var due: SuspendingClock.Instant?
    }

    /// The pause after the first failure; it doubles after each further one.
    private let pause: Duration
    private let entries = Mutex<[Conversation.ID: Entry]>([:])

    init(pause: Duration = .seconds(1)) {
        self.pause = pause
    }

    /// Number of conversations that wait.
    var count: Int { entries.withLock { $0.count } }

    /// Adds conversations that are due.
    func add(_ conversations: [Conversation.ID]) {
        entries.withLock { entries in
            for conversation in conversations where entries[conversation] == nil {
                entries[conversation] = Entry(due: .now)
            }
        }
    }

    /// Records a failed attempt.
    func retry(_ conversation: Conversation.ID) {
        entries.withLock { entries in
            var entry = entries[conversation] ?? Entry(due: .now)
            entry.due = .now + min(pause * (1 << min(entry.failures, 6)), Self.maxPause)
            entry.failures += 1
            entries[conversation] = entry
        }
    }

    /// Removes a conversation whose turns were started, or that is gone.
    func remove(_ conversation: Conversation.ID) {
        entries.withLock { _ = $0.removeValue(forKey: conversation) }
    }

    /// Returns the conversations that are due, each of which must then be removed or retried.
    func takeDue() -> [Conversation.ID] {
        entries.withLock { entries in
            let due = entries.filter { entry in entry.value.due.map { $0 <= .now } ?? false }.map(\.key)
            for conversation in due { entries[conversation]?.due = nil }
            return due
        }
    }
}
