import Contracts
import Metrics
import Synchronization

/// The runs that are going, by id, and how many each user has of them.
final class LiveRuns: Sendable {
    private struct State {
        var feeds: [Run.ID: RunFeed] = [:]
        var users: [Run.ID: String] = [:]
        var counts: [String: Int] = [:]
    }

    private let limit: Int
    private let state = Mutex(State())
    private let gauge = Gauge(label: "conversation.runs.going")

    /// - Parameter limit: the most runs a user may have at once; 0 for no limit.
    init(limit: Int) {
        self.limit = limit
    }

    /// Throws `limited` when the user has too many already.
    func add(_ feed: RunFeed, of user: String) throws {
        let count = try state.withLock { state throws(Fault) in
            guard limit == 0 || state.counts[user, default: 0] < limit else {
                throw Fault(
                    .limited,
                    "\(limit) answers are being made for this user already. Wait for one, or set MAX_CONCURRENT_RUNS.",
                    retryAfter: 1
                )
            }
            state.counts[user, default: 0] += 1
            state.users[feed.run.id] = user
            state.feeds[feed.run.id] = feed
            return state.feeds.count
        }
        gauge.record(count)
    }

    /// Takes over a run that was accepted before, whatever the limit.
    func adopt(_ feed: RunFeed, of user: String) {
        let count = state.withLock { state in
            state.counts[user, default: 0] += 1
            state.users[feed.run.id] = user
            state.feeds[feed.run.id] = feed
            return state.feeds.count
        }
        gauge.record(count)
    }

    /// Lets go of a run; harmless for one that is not there.
    func remove(_ feed: RunFeed) {
        let count = state.withLock { state in
            if let user = state.users.removeValue(forKey: feed.run.id) {
                let left = state.counts[user, default: 1] - 1
                state.counts[user] = left > 0 ? left : nil
            }
            state.feeds[feed.run.id] = nil
            return state.feeds.count
        }
        gauge.record(count)
    }

    func find(_ id: Run.ID) -> RunFeed? {
        state.withLock { $0.feeds[id] }
    }
}
