import NIOCore
import NIOPosix
import Synchronization

/// RefreshNumbers at all going generations again and again, whether one of their limits has passed: one timer for all costs less
/// than one for each.
final class GenerationTimeoutMonitor: Sendable {
    static let shared = GenerationTimeoutMonitor()

    /// How late a limit may be noticed.
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
        let (going, continues) = state.withLock { state in
            state.isTicking = !state.generations.isEmpty
            return (state.generations.values.compactMap(\.generation), state.isTicking)
        }
        let now = ContinuousClock.now
        for generation in going { generation.look(at: now) }
        if continues { schedule() }
    }
}
