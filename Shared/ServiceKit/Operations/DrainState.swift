import ServiceLifecycle
import Synchronization

/// Whether the process is shutting down; placed last in a service group, so that it is shut down first.
package final class DrainState: Service {
    private let state = Mutex(false)

    package init() {}

    /// Whether a graceful shutdown has begun.
    package var isDraining: Bool { state.withLock { $0 } }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
        state.withLock { $0 = true }
    }
}
