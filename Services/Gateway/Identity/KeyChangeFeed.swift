import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Receives changes of keys and quotas from conversation-svc, and reconnects when the stream ends.
struct KeyChangeFeed: Service {
    private static let retryDelay = Duration.milliseconds(100)

    let conversations: any Bus
    let cache: KeyCache

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isBroken = false
            while !Task.isCancelled {
                do {
                    try await receive()
                    isBroken = false
                } catch is CancellationError {
                    return
                } catch {
                    // Logged once, because conversation-svc may be down for long.
                    let reason = (error as? Fault)?.message ?? "\(error)"
                    if !isBroken {
                        Logger.current.notice("Change feed of keys disconnected", metadata: ["reason": "\(reason)"])
                    }
                    isBroken = true
                }
                cache.feedDisconnected()
                do { try await Task.sleep(for: Self.retryDelay) } catch { return }
            }
        }
    }

    /// Applies changes until the stream ends.
    private func receive() async throws {
        let stream = try await conversations.stream(Keys.Watch(), CallContext())
        defer { stream.close() }
        while let batch = try await stream.nextBatch() {
            for event in batch { cache.apply(event) }
        }
    }
}
