import Logging
import ServiceLifecycle

/// Deletes the rows of what was deleted, such as conversations, in the background, a bounded number at a time.
final class BackgroundPurge: Service {
    /// Pause between two batches, in which other writes go first.
    private static let pause = Duration.milliseconds(20)
    private static let retryInterval = Duration.seconds(10)

    /// What is deleted, for the log.
    private let name: String
    private let purge: @Sendable () async throws -> Bool
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation

    /// `purge` deletes some rows; returns `false` if there are none.
    init(of name: String, _ purge: @escaping @Sendable () async throws -> Bool) {
        (self.name, self.purge) = (name, purge)
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
                    guard try await purge() else { break }
                    pause = Self.pause
                } catch {
                    let metadata: Logger.Metadata = ["purge.of": "\(name)", "error": "\(error)"]
                    Logger.current.warning("Deleted rows not purged; retrying later", metadata: metadata)
                    pause = Self.retryInterval
                }
                do { try await Task.sleep(for: pause, clock: .suspending) } catch { return }
            }
        }
    }
}
