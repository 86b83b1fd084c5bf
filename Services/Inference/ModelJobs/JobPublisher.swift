import Bus
import Contracts
import Synchronization

/// A job as it stands, for any number of watchers; each sees the newest state, however slowly it reads.
final class JobPublisher: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var job: ModelJob
        /// Counts the changes.
        var version = 1
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    init(_ job: ModelJob) {
        state = Mutex(State(job: job))
    }

    var job: ModelJob { state.withLock { $0.job } }

    /// Changes the job and tells whoever waits; one that has ended stays as it is.
    func change(_ change: (inout ModelJob) -> Void) {
        let woken = state.withLock { state -> [Waiter] in
            guard !state.job.state.isFinal else { return [] }
            let before = state.job
            change(&state.job)
            guard state.job != before else { return [] }
            state.version += 1
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// The job as it stands now, then as it stands after it has changed, to its end; at most once each `pace`.
    func watch(pace: Duration) -> ElementStream<ModelJob> {
        struct Place {
            var version = 0
            var told = ContinuousClock.now
            var isOver = false
        }
        let place = Mutex(Place())
        return ElementStream(
            next: {
                let (version, told, isOver) = place.withLock { ($0.version, $0.told, $0.isOver) }
                if isOver { return nil }
                try await self.wait(after: version)
                // What comes close together is told together; the end waits for nothing.
                if version > 0, told + pace > .now, !self.job.state.isFinal {
                    try await Task.sleep(until: told + pace, clock: .continuous)
                }
                let (newest, job) = self.state.withLock { ($0.version, $0.job) }
                place.withLock { $0 = Place(version: newest, isOver: job.state.isFinal) }
                return [job]
            },
            close: {}
        )
    }

    /// Waits until there is a newer state than one.
    private func wait(after version: Int) async throws {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                let isThere = state.withLock { state in
                    guard state.version <= version else { return true }
                    state.waiters[number] = waiter
                    return false
                }
                if isThere { return waiter.resume() }
                // A cancellation that came before found nobody to wake.
                if Task.isCancelled { abandon(number) }
            }
        } onCancel: {
            abandon(number)
        }
    }

    private func abandon(_ number: Int) {
        state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }
}
