import Contracts
import Metrics
import Synchronization

/// Limits concurrent model calls per user and per API key.
///
/// Each gateway counts its own calls; conversation-svc counts runs.
final class ConcurrencyLimiter: Sendable {
    private struct State {
        var users: [String: Int] = [:]
        var keys: [APIKey.ID: Int] = [:]
        var total = 0
    }

    private let limit: Int
    private let state = Mutex(State())
    private let gauge = Gauge(label: "gateway.calls.going")

    /// `limit` is the maximum number of concurrent calls per user; 0 means unlimited.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a slot, which must be returned with ``release(_:)``.
    ///
    /// `keyLimit` is the limit of the principal's API key, if any. Throws `limited` without taking a slot if the user
    /// or the key has too many calls in progress.
    func acquire(_ principal: Principal, keyLimit: Int? = nil) throws(Fault) {
        let total = try state.withLock { state throws(Fault) in
            if limit > 0, state.users[principal.user, default: 0] >= limit {
                throw Fault(
                    .limited,
                    "This user already has \(limit) model calls in progress. Wait for one, or raise MAX_CONCURRENT_RUNS.",
                    retryAfter: 1
                )
            }
            if let key = principal.key, let keyLimit, state.keys[key, default: 0] >= keyLimit {
                throw Fault(
                    .limited,
                    "This key already has \(keyLimit) model calls in progress, which is its limit. Wait for one.",
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

    /// Returns a slot.
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
