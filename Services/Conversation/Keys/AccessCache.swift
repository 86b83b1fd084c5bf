import Bus
import Contracts
import Metrics
import ServiceLifecycle
import Synchronization

/// In-memory cache of the limits of keys and of the users and keys that have quotas; publishes changes to the gateways.
///
/// The commit that changes a key or quota updates the cache, so changes are published in the order of the commits.
final class AccessCache: Service {
    /// Interval of heartbeats to the watchers.
    ///
    /// A gateway considers the stream lost after one second without an event.
    private static let heartbeatInterval = Duration.milliseconds(250)
    /// Maximum number of unread events per watcher.
    ///
    /// A watcher that falls further behind is disconnected and must reconnect.
    private static let bufferLimit = 1024

    private struct State {
        /// The users and keys that have a quota.
        var limited: Set<Quota.Subject>
        /// Maximum number of concurrent runs per key, for keys that have such a limit.
        var runLimits: [APIKey.ID: Int]
        var watchers: [Int: AsyncStream<Keys.Event>.Continuation] = [:]
        var nextWatcher = 0
        var isShutDown = false
    }

    private let state: Mutex<State>
    private let gauge = Gauge(label: "conversation.keys.watchers")

    /// Creates the cache from the database.
    static func open(_ database: Database) async throws -> AccessCache {
        try await database.read { database in
            AccessCache(limited: try QuotaRows.subjects(in: database), runLimits: try KeyRows.runLimits(in: database))
        }
    }

    init(limited: Set<Quota.Subject>, runLimits: [APIKey.ID: Int]) {
        state = Mutex(State(limited: limited, runLimits: runLimits))
    }

    /// Returns whether a quota applies to the principal's user or key.
    func isLimited(_ principal: Principal) -> Bool {
        state.withLock { state in
            guard !state.limited.isEmpty else { return false }
            return principal.quotaSubjects.contains { state.limited.contains($0) }
        }
    }

    /// Returns the maximum number of concurrent runs of a key; `nil` if the key has no limit of its own.
    func runLimit(of key: APIKey.ID) -> Int? {
        state.withLock { $0.runLimits[key] }
    }

    /// Adds a new key.
    ///
    /// Nothing is published: no gateway has cached the key, and the event would invalidate lookups that began after the
    /// commit.
    func didCreate(_ key: APIKey) {
        state.withLock { $0.runLimits[key.id] = key.limits.concurrentRuns }
    }

    /// Updates the limits of a changed key.
    func didChange(_ key: APIKey) {
        publish(Keys.Event(key: key.id)) { $0.runLimits[key.id] = key.limits.concurrentRuns }
    }

    /// Removes a revoked key and its quota.
    func didRevoke(_ key: APIKey.ID) {
        publish(Keys.Event(key: key, unlimited: .key(key))) { state in
            state.runLimits[key] = nil
            state.limited.remove(.key(key))
        }
    }

    /// Records that a quota was set or removed.
    func didSetQuota(for subject: Quota.Subject, isLimited: Bool) {
        if isLimited {
            publish(Keys.Event(limited: subject)) { $0.limited.insert(subject) }
        } else {
            publish(Keys.Event(unlimited: subject)) { $0.limited.remove(subject) }
        }
    }

    /// Streams all changes from now on; the first event lists the current quotas.
    func watch() throws -> ElementStream<Keys.Event> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Keys.Event.self,
            bufferingPolicy: .bufferingOldest(Self.bufferLimit)
        )
        let id = try state.withLock { state throws(Fault) in
            guard !state.isShutDown else {
                throw Fault(.unavailable, "conversation-svc is shutting down. Try again in a moment.", retryAfter: 1)
            }
            continuation.yield(Keys.Event(quotas: Array(state.limited)))
            state.watchers[state.nextWatcher] = continuation
            defer { state.nextWatcher += 1 }
            gauge.record(state.watchers.count)
            return state.nextWatcher
        }
        return ElementStream(
            next: {
                for await event in stream { return [event] }
                return nil
            },
            close: { self.removeWatcher(id) }
        )
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.heartbeatInterval) } catch { return }
                self.publish(Keys.Event()) { _ in }
            }
        }
        // The server waits for its responses to finish, and these streams never finish on their own.
        let watchers = state.withLock { state in
            state.isShutDown = true
            defer { state.watchers = [:] }
            return state.watchers.values
        }
        for watcher in watchers { watcher.finish() }
    }

    private func publish(_ event: Keys.Event, _ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            for (id, watcher) in state.watchers {
                guard case .dropped = watcher.yield(event) else { continue }
                state.watchers[id] = nil
                watcher.finish()
            }
        }
    }

    private func removeWatcher(_ id: Int) {
        let watcher = state.withLock { state in
            defer { gauge.record(state.watchers.count) }
            return state.watchers.removeValue(forKey: id)
        }
        watcher?.finish()
    }
}
