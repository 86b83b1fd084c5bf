import Contracts

/// The calls and streams in progress by API key, and the keys that must be revalidated.
///
/// A value type without side effects: the caller performs the returned invalidations.
struct KeyLeaseTable {
    typealias OnInvalidation = @Sendable (KeyInvalidation) -> Void

    /// Why a key must be revalidated.
    enum StaleReason: Sendable {
        /// A change may have been missed.
        case possiblyMissed
        /// A change of the key was received.
        case changed
    }

    /// A callback to run after the table is unlocked.
    struct Invalidation: Sendable {
        let reason: KeyInvalidation
        let callback: OnInvalidation

        func perform() {
            callback(reason)
        }
    }

    private struct Lease {
        let role: Principal.Role
        let callback: OnInvalidation
    }

    private struct Entry {
        var leases: [UInt64: Lease] = [:]
        var expiresAt: Timestamp?
        var staleReason: StaleReason?
    }

    private var entries: [APIKey.ID: Entry] = [:]
    private var next: UInt64 = 0

    /// Registers a callback for when the key becomes invalid, until ``remove(_:of:)``.
    mutating func add(_ key: APIKey, isStale: Bool, _ callback: @escaping OnInvalidation) -> UInt64 {
        next += 1
        var state = entries[key.id] ?? Entry()
        state.leases[next] = Lease(role: key.role, callback: callback)
        state.expiresAt = key.expiresAt
        if isStale { state.staleReason = state.staleReason ?? .possiblyMissed }
        entries[key.id] = state
        return next
    }

    mutating func remove(_ lease: UInt64, of key: APIKey.ID) {
        entries[key]?.leases[lease] = nil
        if entries[key]?.leases.isEmpty == true { entries[key] = nil }
    }

    /// Marks a key as changed.
    mutating func markStale(_ key: APIKey.ID) {
        entries[key]?.staleReason = .changed
    }

    /// Marks all keys, because changes may have been missed.
    mutating func markAllStale() {
        for key in entries.keys where entries[key]?.staleReason == nil { entries[key]?.staleReason = .possiblyMissed }
    }

    /// Takes up to `limit` keys to revalidate; their result goes to ``finishRevalidation(_:by:)``.
    mutating func takeKeysToRevalidate(atMost limit: Int) -> [APIKey.ID: StaleReason] {
        var staleKeys: [APIKey.ID: StaleReason] = [:]
        for (key, state) in entries where staleKeys.count < limit {
            staleKeys[key] = state.staleReason
        }
        for key in staleKeys.keys { entries[key]?.staleReason = nil }
        return staleKeys
    }

    /// Returns the invalidations that follow from a revalidation.
    ///
    /// `found` contains the existing keys; `nil` if the revalidation failed: then changed keys are invalidated, and the
    /// others stay marked.
    mutating func finishRevalidation(_ staleKeys: [APIKey.ID: StaleReason], by found: [APIKey]?) -> [Invalidation] {
        guard let found else {
            for (key, staleReason) in staleKeys where staleReason == .possiblyMissed && entries[key]?.staleReason == nil
            {
                entries[key]?.staleReason = .possiblyMissed
            }
            return staleKeys.filter { $0.value == .changed }.flatMap { invalidate($0.key, .changed) { _ in true } }
        }
        let keys = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
        return staleKeys.keys.flatMap { id in
            guard let key = keys[id] else { return invalidate(id, .revoked) { _ in true } }
            entries[id]?.expiresAt = key.expiresAt
            // A changed name or changed limits do not affect calls in progress.
            return invalidate(id, .changed) { $0.role != key.role }
        }
    }

    /// Returns the invalidations of expired keys.
    mutating func invalidateExpired(at moment: Timestamp) -> [Invalidation] {
        let expired = entries.filter { $0.value.expiresAt.map { $0 <= moment } ?? false }
        return expired.keys.flatMap { invalidate($0, .expired) { _ in true } }
    }

    private mutating func invalidate(
        _ key: APIKey.ID,
        _ reason: KeyInvalidation,
        where isInvalid: (Lease) -> Bool
    ) -> [Invalidation] {
        guard var state = entries[key] else { return [] }
        let removed = state.leases.filter { isInvalid($0.value) }
        for lease in removed.keys { state.leases[lease] = nil }
        entries[key] = state.leases.isEmpty ? nil : state
        return removed.values.map { Invalidation(reason: reason, callback: $0.callback) }
    }
}
