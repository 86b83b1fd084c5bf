import NIOCore
import NIOPosix
import Synchronization

/// Checks the timeouts of all generations with one timer, which costs less than one timer for each.
///
/// Thread-safe.
final class GenerationTimeoutMonitor: Sendable {
    static let shared = GenerationTimeoutMonitor()

    /// The interval between checks, and so the maximum delay of a timeout.
    private static let interval = TimeAmount.milliseconds(50)

    private struct Watched {
        weak var generation: Generation?
    }

    private struct State {
        var generations: [ObjectIdentifier: Watched] = [:]
        var isTicking = false
    }

    private let state = Mutex(State())

    func add(_ generation: Generation) {
        let begins = state.withLock { state in
            state.generations[ObjectIdentifier(generation)] = Watched(generation: generation)
            defer { state.isTicking = true }
            return !state.isTicking
        }
        if begins { schedule() }
    }

    func remove(_ generation: Generation) {
        state.withLock { _ = $0.generations.removeValue(forKey: ObjectIdentifier(generation)) }
    }

    private func schedule() {
        MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.interval) { self.tick() }
    }

    private func tick() {
        let (running, continues) = state.withLock { state in
            state.isTicking = !state.generations.isEmpty
            return (state.generations.values.compactMap(\.generation), state.isTicking)
        }
        let now = ContinuousClock.now
        for generation in running { generation.checkTimeouts(at: now) }
        if continues { schedule() }
    }
}
