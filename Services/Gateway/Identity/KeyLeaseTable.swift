import Contracts

/// What goes on by which API key, and which of these keys are in staleReason.
///
/// Pure.
struct KeyLeaseTable {
    typealias OnInvalidation = @Sendable (KeyInvalidation) -> Void

    /// Why a key has to be looked at again.
    enum StaleReason: Sendable {
        /// News of it may have been missed.
        case possiblyMissed
        /// It is said to be another than it was.
        case changed
    }

    /// Something that is to end.
    struct Invalidation: Sendable {
        let loss: KeyInvalidation
        let end: OnInvalidation

        func perform() {
            end(loss)
        }
    }

    private struct Lease {
        let role: Principal.Role
        let end: OnInvalidation
    }

    private struct Entry {
        var leases: [UInt64: Lease] = [:]
        var expiresAt: Timestamp?
        var staleReason: StaleReason?
    }

    private var entries: [APIKey.ID: Entry] = [:]
    private var next: UInt64 = 0

    /// Has something end when a key stops being good, unless that ends before: ``release(_:of:)``.
    mutating func add(_ key: APIKey, isStale: Bool, _ end: @escaping OnInvalidation) -> UInt64 {
        next += 1
        var state = entries[key.id] ?? Entry()
        state.leases[next] = Lease(role: key.role, end: end)
        state.expiresAt = key.expiresAt
        if isStale { state.staleReason = state.staleReason ?? .possiblyMissed }
        entries[key.id] = state
        return next
    }

    /// What was to end with a key has ended before.
    mutating func remove(_ lease: UInt64, of key: APIKey.ID) {
        entries[key]?.leases[lease] = nil
        if entries[key]?.leases.isEmpty == true { entries[key] = nil }
    }

    /// A key is said to be another than it was.
    mutating func markStale(_ key: APIKey.ID) {
        entries[key]?.staleReason = .changed
    }

    /// Anything may have been missed.
    mutating func markAllStale() {
        for key in entries.keys where entries[key]?.staleReason == nil { entries[key]?.staleReason = .possiblyMissed }
    }

    /// The keys in staleReason, at most so many; whoever takes them finds out, and says so: ``settle(_:by:)``.
    mutating func takeKeysToRevalidate(atMost limit: Int) -> [APIKey.ID: StaleReason] {
        var staleKeys: [APIKey.ID: StaleReason] = [:]
        for (key, state) in entries where staleKeys.count < limit {
            staleKeys[key] = state.staleReason
        }
        for key in staleKeys.keys { entries[key]?.staleReason = nil }
        return staleKeys
    }

    /// Answers what is to end, once keys that were in staleReason have been looked at.
    ///
    /// `found`: those of them that there are; absent when nobody could say. Then whatever was told to be another ends, and
    /// the others are in staleReason as before.
    mutating func finishRevalidation(_ staleKeys: [APIKey.ID: StaleReason], by found: [APIKey]?) -> [Invalidation] {
        guard let found else {
            for (key, staleReason) in staleKeys where staleReason == .possiblyMissed && entries[key]?.staleReason == nil
            {
                entries[key]?.staleReason = .possiblyMissed
            }
            return staleKeys.filter { $0.value == .changed }.flatMap { end($0.key, .changed) { _ in true } }
        }
        let keys = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
        return staleKeys.keys.flatMap { id in
            guard let key = keys[id] else { return end(id, .revoked) { _ in true } }
            entries[id]?.expiresAt = key.expiresAt
            // Its name and its limits are of no account for what has begun.
            return end(id, .changed) { $0.role != key.role }
        }
    }

    /// What is to end since its key has.
    mutating func invalidateExpired(at moment: Timestamp) -> [Invalidation] {
        let expired = entries.filter { $0.value.expiresAt.map { $0 <= moment } ?? false }
        return expired.keys.flatMap { end($0, .expired) { _ in true } }
    }

    private mutating func end(
        _ key: APIKey.ID,
        _ loss: KeyInvalidation,
        where isLost: (Lease) -> Bool
    ) -> [Invalidation] {
        guard var state = entries[key] else { return [] }
        let lost = state.leases.filter { isLost($0.value) }
        for lease in lost.keys { state.leases[lease] = nil }
        entries[key] = state.leases.isEmpty ? nil : state
        return lost.values.map { Invalidation(loss: loss, end: $0.end) }
    }
}
