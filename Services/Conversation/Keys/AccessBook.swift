import Bus
import Contracts
import Metrics
import ServiceLifecycle
import Synchronization

/// What must be known of keys and quotas without asking the disk, and everybody who is told when it changes.
///
/// It says what is stored: whoever changes the store has the book told by the commit, so that of two changes the later one is
/// told later.
final class AccessBook: Service {
    /// How often watchers are told that nothing happened; a gateway believes a silence for a second.
    private static let interval = Duration.milliseconds(250)
    /// How many news a watcher may leave unread; one that leaves more has to begin anew.
    private static let backlog = 1024

    private struct State {
        /// Everybody to whom a quota applies.
        var limited: Set<Quota.Subject>
        /// How many answers may be made at once for a key.
        var runLimits: [APIKey.ID: Int]
        var watchers: [Int: AsyncStream<Keys.Event>.Continuation] = [:]
        var nextWatcher = 0
        var isOver = false
    }

    private let state: Mutex<State>
    private let gauge = Gauge(label: "conversation.keys.watchers")

    /// The book as it follows from the store.
    static func open(_ database: Database) async throws -> AccessBook {
        try await database.read { database in
            AccessBook(limited: try QuotaRows.subjects(in: database), runLimits: try KeyRows.runLimits(in: database))
        }
    }

    init(limited: Set<Quota.Subject>, runLimits: [APIKey.ID: Int]) {
        state = Mutex(State(limited: limited, runLimits: runLimits))
    }

    /// Whether a quota may apply to somebody.
    func isLimited(_ principal: Principal) -> Bool {
        state.withLock { state in
            guard !state.limited.isEmpty else { return false }
            return principal.quotaSubjects.contains { state.limited.contains($0) }
        }
    }

    /// How many answers may be made at once for a key; absent: no limit of its own.
    func runLimit(of key: APIKey.ID) -> Int? {
        state.withLock { $0.runLimits[key] }
    }

    /// A key was made.
    ///
    /// No gateway is told: none knows anything of it, and what is asked with it at once must not end by the news.
    func noteMade(_ key: APIKey) {
        state.withLock { $0.runLimits[key.id] = key.limits.concurrentRuns }
    }

    /// A key is another than it was.
    func note(_ key: APIKey) {
        tell(Keys.Event(key: key.id)) { $0.runLimits[key.id] = key.limits.concurrentRuns }
    }

    /// A key is gone, and with it its quota.
    func noteRevoked(_ key: APIKey.ID) {
        tell(Keys.Event(key: key, unlimited: .key(key))) { state in
            state.runLimits[key] = nil
            state.limited.remove(.key(key))
        }
    }

    /// A quota applies to somebody now, or none any more.
    func note(_ subject: Quota.Subject, isLimited: Bool) {
        if isLimited {
            tell(Keys.Event(limited: subject)) { $0.limited.insert(subject) }
        } else {
            tell(Keys.Event(unlimited: subject)) { $0.limited.remove(subject) }
        }
    }

    /// All that is told from now on, beginning with what holds now.
    func watch() throws -> ElementStream<Keys.Event> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Keys.Event.self,
            bufferingPolicy: .bufferingOldest(Self.backlog)
        )
        let id = try state.withLock { state throws(Fault) in
            guard !state.isOver else {
                throw Fault(.unavailable, "conversation-svc is about to stop. Try again in a moment.", retryAfter: 1)
            }
            continuation.yield(Keys.Event(quotas: Array(state.limited)))
            state.watchers[state.nextWatcher] = continuation
            defer { state.nextWatcher += 1 }
            gauge.record(state.watchers.count)
            return state.nextWatcher
        }
        return ElementStream(
            next: {
                for await news in stream { return [news] }
                return nil
            },
            close: { self.forget(id) }
        )
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                self.tell(Keys.Event()) { _ in }
            }
        }
        // The server waits for its answers to end, and these have no end of their own.
        let watchers = state.withLock { state in
            state.isOver = true
            defer { state.watchers = [:] }
            return state.watchers.values
        }
        for watcher in watchers { watcher.finish() }
    }

    private func tell(_ news: Keys.Event, _ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            for (id, watcher) in state.watchers {
                guard case .dropped = watcher.yield(news) else { continue }
                state.watchers[id] = nil
                watcher.finish()
            }
        }
    }

    private func forget(_ id: Int) {
        let watcher = state.withLock { state in
            defer { gauge.record(state.watchers.count) }
            return state.watchers.removeValue(forKey: id)
        }
        watcher?.finish()
    }
}
