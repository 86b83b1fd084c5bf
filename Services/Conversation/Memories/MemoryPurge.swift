import Contracts
import Logging
import ServiceLifecycle

/// Deletes the rows of cleared memories in the background, a bounded number at a time.
final class MemoryPurge: Service {
    /// Pause between two batches, in which other writes go first.
    private static let pause = Duration.milliseconds(20)
    private static let retryInterval = Duration.seconds(10)

    private let store: any MemoryStore
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    init(store: any MemoryStore) {
        self.store = store
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // An earlier process may have left some.
        signaller.yield()
    }

    /// Begins a deletion.
    func start() {
        signaller.yield()
    }

    func run() async throws {
        for await _ in signal.cancelOnGracefulShutdown() {
            while true {
                let pause: Duration
                do {
                    guard try await store.purgeMemories() else { break }
                    pause = Self.pause
                } catch {
                    let metadata: Logger.Metadata = ["error": "\(error)"]
                    Logger.current.warning("Cleared memories not deleted; retrying later", metadata: metadata)
                    pause = Self.retryInterval
                }
                do { try await Task.sleep(for: pause, clock: .suspending) } catch { return }
            }
        }
    }
}
