import Contracts
import Metrics
import Synchronization

/// The runs in progress, by id, with counts per user and per key.
final class LiveRuns: Sendable {
    private struct State {
        var liveRuns: [Run.ID: LiveRun] = [:]
        var users: [Run.ID: String] = [:]
        var counts: [String: Int] = [:]
        var keys: [Run.ID: APIKey.ID] = [:]
        var keyCounts: [APIKey.ID: Int] = [:]

        mutating func insert(_ liveRun: LiveRun, of user: String, _ key: APIKey.ID?) -> Int {
            counts[user, default: 0] += 1
            users[liveRun.run.id] = user
            liveRuns[liveRun.run.id] = liveRun
            if let key {
                keyCounts[key, default: 0] += 1
                keys[liveRun.run.id] = key
            }
            return liveRuns.count
        }
    }

    private let limit: Int
    private let keyLimit: @Sendable (APIKey.ID) -> Int?
    private let state = Mutex(State())
    private let gauge = Gauge(label: "conversation.runs.going")

    /// - Parameters:
    ///   - limit: maximum number of concurrent runs per user; 0 for unlimited.
    ///   - keyLimit: returns the maximum number of concurrent runs of a key; `nil` for unlimited.
    init(limit: Int, keyLimit: @escaping @Sendable (APIKey.ID) -> Int? = { _ in nil }) {
        self.limit = limit
        self.keyLimit = keyLimit
    }

    /// Adds a run.
    ///
    /// Throws `limited` if the user or the key already has the maximum number of concurrent runs.
    func add(_ liveRun: LiveRun, of user: String, key: APIKey.ID? = nil) throws {
        let ownLimit = key.flatMap(keyLimit)
        let count = try state.withLock { state throws(Fault) in
            guard limit == 0 || state.counts[user, default: 0] < limit else {
                throw Fault(
                    .limited,
                    """
                    This user already has \(limit) runs in progress, the maximum. Wait for one to finish, or raise \
                    MAX_CONCURRENT_RUNS.
                    """,
                    retryAfter: 1
                )
            }
            if let key, let ownLimit, state.keyCounts[key, default: 0] >= ownLimit {
                throw Fault(
                    .limited,
                    "This key already has \(ownLimit) runs in progress, its maximum. Wait for one to finish.",
                    retryAfter: 1
                )
            }
            return state.insert(liveRun, of: user, key)
        }
        gauge.record(count)
    }

    /// Adds a run that an earlier process accepted, regardless of the limits.
    func addRecovered(_ liveRun: LiveRun, of user: String, key: APIKey.ID? = nil) {
        gauge.record(state.withLock { $0.insert(liveRun, of: user, key) })
    }

    /// Removes a run; has no effect if it was already removed.
    func remove(_ liveRun: LiveRun) {
        let count = state.withLock { state in
            if let user = state.users.removeValue(forKey: liveRun.run.id) {
                let left = state.counts[user, default: 1] - 1
                state.counts[user] = left > 0 ? left : nil
            }
            if let key = state.keys.removeValue(forKey: liveRun.run.id) {
                let left = state.keyCounts[key, default: 1] - 1
                state.keyCounts[key] = left > 0 ? left : nil
            }
            state.liveRuns[liveRun.run.id] = nil
            return state.liveRuns.count
        }
        gauge.record(count)
    }

    /// Number of runs that are queued or running.
    var count: Int { state.withLock { $0.liveRuns.count } }

    func find(_ id: Run.ID) -> LiveRun? {
        state.withLock { $0.liveRuns[id] }
    }
}
