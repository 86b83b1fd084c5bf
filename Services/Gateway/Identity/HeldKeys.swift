import Contracts

/// What goes on by which API key, and which of these keys are in doubt.
///
/// Pure.
struct HeldKeys {
    typealias End = @Sendable (KeyLoss) -> Void

    /// Why a key has to be looked at again.
    enum Doubt: Sendable {
        /// News of it may have been missed.
        case missed
        /// It is said to be another than it was.
        case told
    }

    /// Something that is to end.
    struct Ending: Sendable {
        let loss: KeyLoss
        let end: End

        func perform() {
            end(loss)
        }
    }

    private struct Holder {
        let role: Principal.Role
        let end: End
    }

    private struct Held {
        var holders: [UInt64: Holder] = [:]
        var expiresAt: Timestamp?
        var doubt: Doubt?
    }

    private var held: [APIKey.ID: Held] = [:]
    private var next: UInt64 = 0

    /// Has something end when a key stops being good, unless that ends before: ``release(_:of:)``.
    mutating func hold(_ key: APIKey, isDoubtful: Bool, _ end: @escaping End) -> UInt64 {
        next += 1
        var state = held[key.id] ?? Held()
        state.holders[next] = Holder(role: key.role, end: end)
        state.expiresAt = key.expiresAt
        if isDoubtful { state.doubt = state.doubt ?? .missed }
        held[key.id] = state
        return next
    }

    /// What was to end with a key has ended before.
    mutating func release(_ holder: UInt64, of key: APIKey.ID) {
        held[key]?.holders[holder] = nil
        if held[key]?.holders.isEmpty == true { held[key] = nil }
    }

    /// A key is said to be another than it was.
    mutating func doubt(_ key: APIKey.ID) {
        held[key]?.doubt = .told
    }

    /// Anything may have been missed.
    mutating func doubtAll() {
        for key in held.keys where held[key]?.doubt == nil { held[key]?.doubt = .missed }
    }

    /// The keys in doubt, at most so many; whoever takes them finds out, and says so: ``settle(_:by:)``.
    mutating func takeDoubts(atMost limit: Int) -> [APIKey.ID: Doubt] {
        var doubts: [APIKey.ID: Doubt] = [:]
        for (key, state) in held where doubts.count < limit {
            doubts[key] = state.doubt
        }
        for key in doubts.keys { held[key]?.doubt = nil }
        return doubts
    }

    /// Answers what is to end, once keys that were in doubt have been looked at.
    ///
    /// `found`: those of them that there are; absent when nobody could say. Then whatever was told to be another ends, and
    /// the others are in doubt as before.
    mutating func settle(_ doubts: [APIKey.ID: Doubt], by found: [APIKey]?) -> [Ending] {
        guard let found else {
            for (key, doubt) in doubts where doubt == .missed && held[key]?.doubt == nil {
                held[key]?.doubt = .missed
            }
            return doubts.filter { $0.value == .told }.flatMap { end($0.key, .changed) { _ in true } }
        }
        let keys = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
        return doubts.keys.flatMap { id in
            guard let key = keys[id] else { return end(id, .revoked) { _ in true } }
            held[id]?.expiresAt = key.expiresAt
            // Its name and its limits are of no account for what has begun.
            return end(id, .changed) { $0.role != key.role }
        }
    }

    /// What is to end since its key has.
    mutating func expire(at moment: Timestamp) -> [Ending] {
        let expired = held.filter { $0.value.expiresAt.map { $0 <= moment } ?? false }
        return expired.keys.flatMap { end($0, .expired) { _ in true } }
    }

    private mutating func end(_ key: APIKey.ID, _ loss: KeyLoss, where isLost: (Holder) -> Bool) -> [Ending] {
        guard var state = held[key] else { return [] }
        let lost = state.holders.filter { isLost($0.value) }
        for holder in lost.keys { state.holders[holder] = nil }
        held[key] = state.holders.isEmpty ? nil : state
        return lost.values.map { Ending(loss: loss, end: $0.end) }
    }
}
