import Contracts
import Synchronization

/// What the gateway knows of keys and quotas, and whether it may believe that.
///
/// It is believed for a second after conversation-svc was last heard; whatever is told in between takes what it concerns
/// out. So no key that was revoked is served from here for longer than that.
final class KeyCache: Sendable {
    /// For how long a silence means that nothing happened.
    static let trust = Duration.seconds(1)
    /// After which time a key is asked for again all the same: so its last use is known to about a minute.
    private static let lifetime = Duration.seconds(60)
    /// For how long a digest that belongs to no key is not asked for again; no key is ever made for one.
    private static let lifetimeOfUnknown = Duration.seconds(10)
    /// How many of each are remembered.
    private static let limit = 10_000

    /// What is known of a digest.
    enum Knowledge: Sendable, Equatable {
        case key(APIKey)
        /// It belongs to no key.
        case unknown
        /// Nothing that could be believed.
        case nothing
    }

    private struct State {
        var keys: [String: (key: APIKey, until: ContinuousClock.Instant)] = [:]
        var digests: [APIKey.ID: String] = [:]
        var unknown: [String: ContinuousClock.Instant] = [:]
        var limited: Set<Quota.Subject> = []
        /// What goes on by keys.
        var held = HeldKeys()
        /// When all held keys were last in doubt since nothing is heard.
        var doubtedAt: ContinuousClock.Instant?
        var heardAt: ContinuousClock.Instant?
        /// Counts what was told, so that an answer from before is not taken for one from after.
        var version: UInt64 = 0

        func isLive(at now: ContinuousClock.Instant) -> Bool {
            heardAt.map { now - $0 < KeyCache.trust } ?? false
        }

        mutating func forgetKeys() {
            keys = [:]
            digests = [:]
        }
    }

    private let state = Mutex(State())

    /// Whether what is known may be believed.
    func isLive(now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { $0.isLive(at: now) }
    }

    /// Takes in what conversation-svc tells.
    func hear(_ news: Keys.Event, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            // Before its first word, a stream has told nothing that could be believed.
            guard news.quotas != nil || state.heardAt != nil else { return }
            state.heardAt = now
            if let quotas = news.quotas {
                state.limited = Set(quotas)
                state.forgetKeys()
                // What happened before this stream began was told to nobody here.
                state.held.doubtAll()
                state.version += 1
            }
            if let key = news.key {
                if let digest = state.digests.removeValue(forKey: key) { state.keys[digest] = nil }
                state.held.doubt(key)
                state.version += 1
            }
            if let subject = news.limited { state.limited.insert(subject) }
            if let subject = news.unlimited { state.limited.remove(subject) }
        }
    }

    /// Has something end when a key stops being good, unless that ends before: ``release(_:of:)``.
    ///
    /// `version`: what was known when the key was believed.
    func hold(_ key: APIKey, since version: UInt64, _ end: @escaping HeldKeys.End) -> UInt64 {
        state.withLock { $0.held.hold(key, isDoubtful: $0.version != version, end) }
    }

    /// What was to end with a key has ended before.
    func release(_ holder: UInt64, of key: APIKey.ID) {
        state.withLock { $0.held.release(holder, of: key) }
    }

    /// The held keys that must be looked at again; while nothing is heard that is all of them, once a second.
    func takeDoubts(atMost limit: Int, now: ContinuousClock.Instant = .now) -> [APIKey.ID: HeldKeys.Doubt] {
        state.withLock { state in
            if !state.isLive(at: now), state.doubtedAt.map({ now - $0 >= Self.trust }) ?? true {
                state.doubtedAt = now
                state.held.doubtAll()
            }
            return state.held.takeDoubts(atMost: limit)
        }
    }

    /// Ends what goes on by keys that are no longer good, as was found; `nil` when nobody could say.
    func settle(_ doubts: [APIKey.ID: HeldKeys.Doubt], by found: [APIKey]?) {
        for ending in state.withLock({ $0.held.settle(doubts, by: found) }) { ending.perform() }
    }

    /// Ends what goes on by keys whose end has come.
    func endExpired(at moment: Timestamp = .now()) {
        for ending in state.withLock({ $0.held.expire(at: moment) }) { ending.perform() }
    }

    /// The stream of news has broken off.
    func lose() {
        state.withLock { $0.heardAt = nil }
    }

    func recall(_ digest: String, now: ContinuousClock.Instant = .now) -> Knowledge {
        state.withLock { state in
            if let until = state.unknown[digest], now < until { return .unknown }
            guard state.isLive(at: now), let entry = state.keys[digest], now < entry.until else { return .nothing }
            return .key(entry.key)
        }
    }

    /// Counts what was told so far.
    var version: UInt64 { state.withLock { $0.version } }

    /// Remembers a key that was asked for when this version was the newest; answers whether it still is.
    @discardableResult
    func remember(
        _ key: APIKey,
        _ digest: String,
        since version: UInt64,
        now: ContinuousClock.Instant = .now
    ) -> Bool {
        state.withLock { state in
            guard state.version == version else { return false }
            guard state.isLive(at: now) else { return true }
            if state.keys.count >= Self.limit { state.forgetKeys() }
            state.keys[digest] = (key, now + Self.lifetime)
            state.digests[key.id] = digest
            return true
        }
    }

    func rememberUnknown(_ digest: String, now: ContinuousClock.Instant = .now) {
        state.withLock { state in
            if state.unknown.count >= Self.limit { state.unknown = [:] }
            state.unknown[digest] = now + Self.lifetimeOfUnknown
        }
    }

    /// Whether a quota may apply to somebody: also when nobody can tell.
    func mayBeLimited(_ principal: Principal, now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            guard state.isLive(at: now) else { return true }
            guard !state.limited.isEmpty else { return false }
            return principal.quotaSubjects.contains { state.limited.contains($0) }
        }
    }
}
