import Bus
import Contracts
import Metrics
import ServiceLifecycle
import Synchronization

/// In-memory cache of the limits of keys and of the users and keys that have quotas; publishes changes to the gateways.
///
/// The task that changed a key or quota updates the cache after the commit. Tasks may do so in another order than that
/// of their commits; a change that is older than one of the same key or quota is ignored.
///
/// Between the commit and the update the cache is outdated. Nothing is decided by it alone: the commit that reserves
/// usage reads the quotas itself, and a gateway that looks a key up receives its current state.
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
        var order: AccessChangeOrder
        var watchers: [Int: AsyncStream<Keys.Event>.Continuation] = [:]
        var nextWatcher = 0
        var isShutDown = false
    }

    private let state: Mutex<State>
    private let gauge = Gauge(label: "conversation.keys.watchers")

    init(_ access: AccessState) {
        state = Mutex(
            State(
                limited: access.limited,
                runLimits: access.runLimits,
                order: AccessChangeOrder(start: access.lastChange)
            )
        )
    }

    /// Returns whether a quota probably applies to the principal's user or key.
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
    func didCreate(_ change: AccessChange<APIKey>) {
        let key = change.value
        state.withLock { state in
            guard state.order.record(change.number, of: .key(key.id)) != .superseded else { return }
            state.runLimits[key.id] = key.limits.concurrentRuns
        }
    }

    /// Adds a key that a repeated request found, if its creation is not known: the first request may still be about to
    /// add it, or its outcome was lost.
    func didFind(_ key: APIKey) {
        state.withLock { state in
            guard !state.order.contains(.key(key.id)), state.runLimits[key.id] == nil else { return }
            state.runLimits[key.id] = key.limits.concurrentRuns
        }
    }

    /// Updates the limits of a changed key.
    func didChange(_ change: AccessChange<APIKey>) {
        let (id, limit) = (change.value.id, change.value.limits.concurrentRuns)
        publish(Keys.Event(key: id)) { state in
            switch state.order.record(change.number, of: .key(id)) {
            case .superseded: return false
            case .latest: state.runLimits[id] = limit
            // The lower limit, until the next start.
            case .unknown: state.runLimits[id] = [state.runLimits[id], limit].compactMap(\.self).min()
            }
            return true
        }
    }

    /// Removes a revoked key and its quota.
    func didRevoke(_ change: AccessChange<APIKey>) {
        let key = change.value.id
        publish(Keys.Event(key: key, unlimited: .key(key))) { state in
            _ = state.order.record(change.number, of: .key(key))
            _ = state.order.record(change.number, of: .quota(.key(key)))
            state.runLimits[key] = nil
            state.limited.remove(.key(key))
            return true
        }
    }

    /// Records that a quota was set or removed.
    func didSetQuota(_ change: AccessChange<Quotas.Status>) {
        let subject = change.value.subject
        let isLimited = change.value.quota != nil
        publish(isLimited ? Keys.Event(limited: subject) : Keys.Event(unlimited: subject)) { state in
            switch state.order.record(change.number, of: .quota(subject)) {
            case .superseded: return false
            // The next call looks the quota up, so a quota that does not exist may be assumed, not the reverse.
            case .unknown where !isLimited: return false
            case .latest, .unknown: break
            }
            if isLimited { state.limited.insert(subject) } else { state.limited.remove(subject) }
            return true
        }
    }

    /// Records that a change failed, for example because the connection to the database was lost during the commit, so
    /// that it may have been stored.
    ///
    /// Gateways look the key up again. A quota counts as set, so that every call looks it up.
    func mayHaveChanged(_ subject: AccessChangeOrder.Subject) {
        switch subject {
        case .key(let key): publish(Keys.Event(key: key)) { _ in true }
        case .quota(let subject):
            publish(Keys.Event(limited: subject)) { state in
                state.limited.insert(subject)
                return true
            }
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
                self.publish(Keys.Event()) { _ in true }
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

    /// Changes the state, and sends the event to the watchers unless `change` returns `false`.
    private func publish(_ event: Keys.Event, _ change: (inout State) -> Bool) {
        state.withLock { state in
            guard change(&state) else { return }
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
