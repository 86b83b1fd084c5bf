import Bus
import Contracts
import Synchronization

/// The state of a job, published to any number of watchers.
///
/// Slow watchers skip intermediate states. Thread-safe.
final class JobPublisher: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        var job: ModelJob
        /// The number of changes.
        var version = 1
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    init(_ job: ModelJob) {
        state = Mutex(State(job: job))
    }

    var job: ModelJob { state.withLock { $0.job } }

    /// Changes the job and resumes its watchers; a job that has ended is not changed.
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

    /// A stream of the job's current state and further states until its end, at most one for each `pace`.
    func watch(pace: Duration) -> ElementStream<ModelJob> {
        struct Position {
            var version = 0
            var lastTime = ContinuousClock.now
            var isOver = false
        }
        let position = Mutex(Position())
        return ElementStream(
            next: {
                let (version, lastTime, isOver) = position.withLock { ($0.version, $0.lastTime, $0.isOver) }
                if isOver { return nil }
                try await self.wait(after: version)
                // Combines changes in quick succession; the final state is not delayed.
                if version > 0, lastTime + pace > .now, !self.job.state.isFinal {
                    try await Task.sleep(until: lastTime + pace, clock: .continuous)
                }
                let (newest, job) = self.state.withLock { ($0.version, $0.job) }
                position.withLock { $0 = Position(version: newest, isOver: job.state.isFinal) }
                return [job]
            },
            close: {}
        )
    }

    /// Waits for a newer version.
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
                // An earlier cancellation had no effect, so it is checked again.
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
