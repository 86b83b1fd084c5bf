import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Revalidates the API keys of calls in progress: changed ones, all of them if changes may have been missed, and
/// expired ones.
struct KeyRevalidation: Service {
    private static let interval = Duration.milliseconds(250)
    /// Less than a second together with the interval.
    private static let timeout = Duration.milliseconds(700)

    let conversations: any Bus
    let cache: KeyCache

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                await revalidate()
            }
        }
    }

    private func revalidate() async {
        cache.invalidateExpired()
        let staleKeys = cache.takeKeysToRevalidate(atMost: Keys.Check.limit)
        guard !staleKeys.isEmpty else { return }
        cache.finishRevalidation(staleKeys, by: await find(Array(staleKeys.keys)))
    }

    /// Returns the existing keys; `nil` if conversation-svc does not answer.
    private func find(_ keys: [APIKey.ID]) async -> [APIKey]? {
        do {
            return try await conversations.call(Keys.Check(keys: keys), CallContext(deadline: .now + Self.timeout))
        } catch {
            Logger.current.debug("Keys not revalidated", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
