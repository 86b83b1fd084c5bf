import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Receives changes of keys and quotas from conversation-svc, and reconnects when the stream ends.
struct KeyChangeFeed: Service {
    private static let pause = Duration.milliseconds(100)

    let conversations: any Bus
    let cache: KeyCache

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isBroken = false
            while !Task.isCancelled {
                do {
                    try await listen()
                    isBroken = false
                } catch is CancellationError {
                    return
                } catch {
                    // Logged once, because conversation-svc may be down for long.
                    let reason = (error as? Fault)?.message ?? "\(error)"
                    if !isBroken { Logger.current.notice("No news of keys", metadata: ["reason": "\(reason)"]) }
                    isBroken = true
                }
                cache.feedDisconnected()
                do { try await Task.sleep(for: Self.pause) } catch { return }
            }
        }
    }

    /// Applies changes until the stream ends.
    private func listen() async throws {
        let stream = try await conversations.stream(Keys.Watch(), CallContext())
        defer { stream.close() }
        while let batch = try await stream.nextBatch() {
            for news in batch { cache.apply(news) }
        }
    }
}
