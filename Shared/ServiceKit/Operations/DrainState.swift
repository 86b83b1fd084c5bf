import ServiceLifecycle
import Synchronization

/// Knows whether the process is about to end; it is the first to be told.
package final class DrainState: Service {
    private let state = Mutex(false)

    /// Begins as not draining.
    package init() {}

    /// Whether the end has been asked for.
    package var isDraining: Bool { state.withLock { $0 } }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            do { try await Task.sleep(for: .seconds(315_360_000)) } catch {}
        }
        state.withLock { $0 = true }
    }
}
