import Contracts
import HTTP
import Logging
import ServiceLifecycle
import Synchronization

/// Owns the tasks of runs, which continue when the client disconnects and end with the service.
///
/// On shutdown, runs get a grace period; the remaining ones are interrupted, and their text is stored.
final class RunTasks: Service {
    /// How long runs may continue during shutdown; shorter than the total drain time.
    private static let grace = Duration.seconds(12)

    private struct State {
        var tasks: [Run.ID: Task<Void, Never>] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Number of running tasks.
    var count: Int { state.withLock { $0.tasks.count } }

    /// Whether the service is shutting down.
    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// Throws `unavailable` if the service is shutting down.
    func checkAccepting() throws {
        guard !isDraining else {
            throw Fault(.unavailable, "conversation-svc is shutting down. Try again in a moment.", retryAfter: 1)
        }
    }

    /// Starts the task of a run on the caller's event loop.
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
        // Waits for shutdown or cancellation.
        await cancelWhenGracefulShutdown {
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
        state.withLock { $0.isDraining = true }
        let deadline = SuspendingClock.now + Self.grace
        while count > 0, .now < deadline, !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(20)) } catch { break }
        }
        await interruptAll()
    }

    /// Cancels the remaining tasks, including those that they start.
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
