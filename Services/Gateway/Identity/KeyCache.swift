import Contracts
import Synchronization

/// A cache of API keys and of the subjects with a quota.
///
/// Its entries are valid while conversation-svc's change feed is connected: for ``freshness`` after the last message. A
/// change removes its entry, so a revoked key is served from the cache for a second at most.
final class KeyCache: Sendable {
    /// Time after the last message of the change feed during which the entries are valid.
    static let freshness = Duration.seconds(1)
    /// Maximum age of an entry, so that a key's last use is known to the minute.
    private static let lifetime = Duration.seconds(60)
    /// Time for which an invalid digest is cached; no key is ever created for an existing digest.
    private static let invalidLifetime = Duration.seconds(10)
    /// Maximum number of entries of each kind.
    private static let limit = 10_000

    /// The result of a lookup.
    enum Lookup: Sendable, Equatable {
        case valid(APIKey)
        /// No key has the digest.
        case invalid
        /// No valid entry.
        case miss
    }

    private struct State {
        var keys: [String: (key: APIKey, until: ContinuousClock.Instant)] = [:]
        var digests: [APIKey.ID: String] = [:]
        var invalid: [String: ContinuousClock.Instant] = [:]
        var quotaSubjects: Set<Quota.Subject> = []
        /// The calls and streams in progress, by API key.
        var leases = KeyLeaseTable()
        /// When all leases were last marked stale while the change feed was disconnected.
        var staleAt: ContinuousClock.Instant?
        var lastMessageAt: ContinuousClock.Instant?
        /// The number of changes; detects responses that are older than a change.
        var version: UInt64 = 0

        func isFresh(at now: ContinuousClock.Instant) -> Bool {
            lastMessageAt.map { now - $0 < KeyCache.freshness } ?? false
        }

        mutating func removeKeys() {
            keys = [:]
            digests = [:]
        }
    }

    private let state = Mutex(State())

    /// Whether entries are valid.
    func isFresh(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.isFresh(at: now) }
    }

    /// Applies a message of the change feed.
    func apply(_ event: Keys.Event, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            // The first message of a feed contains `quotas`; earlier ones belong to no known state.
            guard event.quotas != nil || state.lastMessageAt != nil else { return }
            state.lastMessageAt = now
            if let quotas = event.quotas {
                state.quotaSubjects = Set(quotas)
                state.removeKeys()
                // Changes before this feed began were not received.
                state.leases.markAllStale()
                state.version += 1
            }
            if let key = event.key {
                if let digest = state.digests.removeValue(forKey: key) { state.keys[digest] = nil }
                state.leases.markStale(key)
                state.version += 1
            }
            if let subject = event.limited { state.quotaSubjects.insert(subject) }
            if let subject = event.unlimited { state.quotaSubjects.remove(subject) }
        }
    }

    /// Registers a callback for when the key is invalidated, until ``removeLease(_:of:)``.
    ///
    /// `version` is the version of the cache when the key was verified.
    func addLease(_ key: APIKey, since version: UInt64, _ callback: @escaping KeyLeaseTable.OnInvalidation) -> UInt64 {
        state.withLock { $0.leases.add(key, isStale: $0.version != version, callback) }
    }

    func removeLease(_ lease: UInt64, of key: APIKey.ID) {
        state.withLock { $0.leases.remove(lease, of: key) }
    }

    /// Returns the keys to revalidate; while the change feed is disconnected, all of them once a second.
    func takeKeysToRevalidate(
        atMost limit: Int,
        now: ContinuousClock.Instant = .now
    ) -> [APIKey.ID: KeyLeaseTable.StaleReason] {
        state.withLock { state in
            if !state.isFresh(at: now), state.staleAt.map({ now - $0 >= Self.freshness }) ?? true {
                state.staleAt = now
                state.leases.markAllStale()
            }
            return state.leases.takeKeysToRevalidate(atMost: limit)
        }
    }

    /// Invalidates leases by the result of a revalidation; `nil` if it failed.
    func finishRevalidation(_ staleKeys: [APIKey.ID: KeyLeaseTable.StaleReason], by found: [APIKey]?) {
        for invalidation in state.withLock({ $0.leases.finishRevalidation(staleKeys, by: found) }) {
            invalidation.perform()
        }
    }

    /// Invalidates the leases of expired keys.
    func invalidateExpired(at moment: Timestamp = .now()) {
        for invalidation in state.withLock({ $0.leases.invalidateExpired(at: moment) }) { invalidation.perform() }
    }

    /// Makes the entries invalid until the change feed is connected again.
    func feedDisconnected() {
        state.withLock { $0.lastMessageAt = nil }
    }

    func lookup(_ digest: String, now: ContinuousClock.Instant = .now) -> Lookup {
        state.withLock { state in
            if let until = state.invalid[digest], now < until { return .invalid }
            guard state.isFresh(at: now), let entry = state.keys[digest], now < entry.until else { return .miss }
            return .valid(entry.key)
        }
    }

    /// The number of changes so far.
    var version: UInt64 { state.withLock { $0.version } }

    /// Stores a key that was looked up at `version`; returns `false` if a change has arrived since.
    @discardableResult
    func store(
        _ key: APIKey,
        _ digest: String,
        since version: UInt64,
        now: ContinuousClock.Instant = .now
    ) -> Bool {
        state.withLock { state in
            guard state.version == version else { return false }
            guard state.isFresh(at: now) else { return true }
            if state.keys.count >= Self.limit { state.removeKeys() }
            state.keys[digest] = (key, now + Self.lifetime)
            state.digests[key.id] = digest
            return true
        }
    }

    func storeInvalid(_ digest: String, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            if state.invalid.count >= Self.limit { state.invalid = [:] }
            state.invalid[digest] = now + Self.invalidLifetime
        }
    }

    /// Whether a quota may apply to the principal; `true` while the change feed is disconnected.
    func mayHaveQuota(_ principal: Principal, now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.isFresh(at: now) else { return true }
            guard !state.quotaSubjects.isEmpty else { return false }
            return principal.quotaSubjects.contains { state.quotaSubjects.contains($0) }
        }
    }
}
