import Contracts
import HTTP
import Logging
import ServiceLifecycle
import Synchronization

/// Owns the tasks of going runs: a run does not die with the connection that asked for it, but with this service.
///
/// When the service shuts down, runs get a while to end; what is left is interrupted, which stores its text.
final class RunTasks: Service {
    /// How long runs may still take when the service is to end; less than the whole drain.
    private static let grace = Duration.seconds(12)

    private struct State {
        var tasks: [Run.ID: Task<Void, Never>] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// How many runs are going.
    var count: Int { state.withLock { $0.tasks.count } }

    /// Whether the service is about to end.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Throws `unavailable` when the service is about to end.
    func checkOpen() throws {
        guard !isDraining else {
            throw Fault(.unavailable, "conversation-svc is about to stop. Try again in a moment.", retryAfter: 1)
        }
    }

    /// Starts a run's task on the caller's event loop.
    func start(_ run: Run.ID, _ work: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            state.tasks[run] = Task(executorPreference: EventLoopTaskExecutor.current) {
                await work()
                self.state.withLock { _ = $0.tasks.removeValue(forKey: run) }
            }
        }
    }

    func cancel(_ run: Run.ID) {
        state.withLock { $0.tasks[run] }?.cancel()
    }

    func run() async throws {
        // Nothing is done until the end begins; a cancelled wait is that end as well.
        await cancelWhenGracefulShutdown {
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
        state.withLock { $0.isDraining = true }
        let deadline = ContinuousClock.now + Self.grace
        while count > 0, .now < deadline, !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
        }
        await interruptAll()
    }

    /// Cancels what is left, and what follows it in the same conversations.
    private func interruptAll() async {
        while true {
            let left = state.withLock { Array($0.tasks.values) }
            guard !left.isEmpty else { return }
            Logger.current.notice("Interrupting runs", metadata: ["runs.count": "\(left.count)"])
            for task in left { task.cancel() }
            for task in left { await task.value }
        }
    }
}
