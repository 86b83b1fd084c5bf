import Contracts
import Synchronization

/// What the gateway knows of keys and quotas, and whether it may believe that.
///
/// It is believed for a second after conversation-svc was last heard; whatever is told in between takes what it concerns
/// out. So no key that was revoked is served from here for longer than that.
final class KeyCache: Sendable {
    /// For how long a silence means that nothing happened.
    static let freshness = Duration.seconds(1)
    /// After which time a key is asked for again all the same: so its last use is known to about a minute.
    private static let lifetime = Duration.seconds(60)
    /// For how long a digest that belongs to no key is not asked for again; no key is ever made for one.
    private static let invalidLifetime = Duration.seconds(10)
    /// How many of each are remembered.
    private static let limit = 10_000

    /// What is known of a digest.
    enum Lookup: Sendable, Equatable {
        case valid(APIKey)
        /// It belongs to no key.
        case invalid
        /// Nothing that could be believed.
        case miss
    }

    private struct State {
        var keys: [String: (key: APIKey, until: ContinuousClock.Instant)] = [:]
        var digests: [APIKey.ID: String] = [:]
        var invalid: [String: ContinuousClock.Instant] = [:]
        var quotaSubjects: Set<Quota.Subject> = []
        /// What goes on by keys.
        var leases = KeyLeaseTable()
        /// When all held keys were last in doubt since nothing is heard.
        var staleAt: ContinuousClock.Instant?
        var heardAt: ContinuousClock.Instant?
        /// Counts what was told, so that an answer from before is not taken for one from after.
        var version: UInt64 = 0

        func isFresh(at now: ContinuousClock.Instant) -> Bool {
            heardAt.map { now - $0 < KeyCache.freshness } ?? false
        }

        mutating func forgetKeys() {
            keys = [:]
            digests = [:]
        }
    }

    private let state = Mutex(State())

    /// Whether what is known may be believed.
    func isFresh(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.isFresh(at: now) }
    }

    /// Takes in what conversation-svc tells.
    func apply(_ news: Keys.Event, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            // Before its first word, a stream has told nothing that could be believed.
            guard news.quotas != nil || state.heardAt != nil else { return }
            state.heardAt = now
            if let quotas = news.quotas {
                state.quotaSubjects = Set(quotas)
                state.forgetKeys()
                // What happened before this stream began was told to nobody here.
                state.leases.markAllStale()
                state.version += 1
            }
            if let key = news.key {
                if let digest = state.digests.removeValue(forKey: key) { state.keys[digest] = nil }
                state.leases.markStale(key)
                state.version += 1
            }
            if let subject = news.limited { state.quotaSubjects.insert(subject) }
            if let subject = news.unlimited { state.quotaSubjects.remove(subject) }
        }
    }

    /// Has something end when a key stops being good, unless that ends before: ``removeLease(_:of:)``.
    ///
    /// `version`: what was known when the key was believed.
    func addLease(_ key: APIKey, since version: UInt64, _ end: @escaping KeyLeaseTable.OnInvalidation) -> UInt64 {
        state.withLock { $0.leases.add(key, isStale: $0.version != version, end) }
    }

    /// What was to end with a key has ended before.
    func removeLease(_ lease: UInt64, of key: APIKey.ID) {
        state.withLock { $0.leases.remove(lease, of: key) }
    }

    /// The held keys that must be looked at again; while nothing is heard that is all of them, once a second.
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

    /// Ends what goes on by keys that are no longer good, as was found; `nil` when nobody could say.
    func finishRevalidation(_ staleKeys: [APIKey.ID: KeyLeaseTable.StaleReason], by found: [APIKey]?) {
        for invalidation in state.withLock({ $0.leases.finishRevalidation(staleKeys, by: found) }) {
            invalidation.perform()
        }
    }

    /// Ends what goes on by keys whose end has come.
    func invalidateExpired(at moment: Timestamp = .now()) {
        for invalidation in state.withLock({ $0.leases.invalidateExpired(at: moment) }) { invalidation.perform() }
    }

    /// The stream of news has broken off.
    func feedDisconnected() {
        state.withLock { $0.heardAt = nil }
    }

    func lookup(_ digest: String, now: ContinuousClock.Instant = .now) -> Lookup {
        state.withLock { state in
            if let until = state.invalid[digest], now < until { return .invalid }
            guard state.isFresh(at: now), let entry = state.keys[digest], now < entry.until else { return .miss }
            return .valid(entry.key)
        }
    }

    /// Counts what was told so far.
    var version: UInt64 { state.withLock { $0.version } }

    /// Remembers a key that was asked for when this version was the newest; answers whether it still is.
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
            if state.keys.count >= Self.limit { state.forgetKeys() }
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

    /// Whether a quota may apply to somebody: also when nobody can tell.
    func mayHaveQuota(_ principal: Principal, now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.isFresh(at: now) else { return true }
            guard !state.quotaSubjects.isEmpty else { return false }
            return principal.quotaSubjects.contains { state.quotaSubjects.contains($0) }
        }
    }
}
