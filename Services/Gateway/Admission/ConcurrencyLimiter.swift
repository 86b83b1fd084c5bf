import Contracts
import Metrics
import Synchronization

/// How many calls of models are going on here, for each user and each key.
///
/// A gateway counts its own; conversation-svc counts the answers that it makes.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        var users: [String: Int] = [:]
        var keys: [APIKey.ID: Int] = [:]
        var total = 0
    }

    private let limit: Int
    private let state = Mutex(State())
    private let gauge = Gauge(label: "gateway.calls.going")

    /// - Parameter limit: the most calls a user may have going at once; 0 for no limit.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a place for a call; `keyLimit` is the limit of the principal's key, where it has one.
    ///
    /// Whoever has acquired one calls ``release(_:)`` when the call is over, however it ended. Throws `limited` when the user or
    /// the key has too many already; then nothing was taken.
    func acquire(_ principal: Principal, keyLimit: Int? = nil) throws(Fault) {
        let total = try state.withLock { state throws(Fault) in
            if limit > 0, state.users[principal.user, default: 0] >= limit {
                throw Fault(
                    .limited,
                    "\(limit) answers are being made for this user already. Wait for one, or set MAX_CONCURRENT_RUNS.",
                    retryAfter: 1
                )
            }
            if let key = principal.key, let keyLimit, state.keys[key, default: 0] >= keyLimit {
                throw Fault(
                    .limited,
                    "\(keyLimit) answers are being made for this key already, and that is its limit. Wait for one.",
                    retryAfter: 1
                )
            }
            state.users[principal.user, default: 0] += 1
            if let key = principal.key { state.keys[key, default: 0] += 1 }
            state.total += 1
            return state.total
        }
        gauge.record(total)
    }

    /// Gives the place of a call back.
    func release(_ principal: Principal) {
        let total = state.withLock { state in
            let left = state.users[principal.user, default: 1] - 1
            state.users[principal.user] = left > 0 ? left : nil
            if let key = principal.key {
                let left = state.keys[key, default: 1] - 1
                state.keys[key] = left > 0 ? left : nil
            }
            state.total -= 1
            return state.total
        }
        gauge.record(total)
    }
}
