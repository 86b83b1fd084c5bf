import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Looks again at keys by which something is going on: those that news came of, all of them when news may have been
/// missed, and those whose end has come.
struct KeyRevalidation: Service {
    private static let interval = Duration.milliseconds(250)
    /// With the interval it is less than a second.
    private static let patience = Duration.milliseconds(700)

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

    /// The keys that there are; `nil` when nobody says.
    private func find(_ keys: [APIKey.ID]) async -> [APIKey]? {
        do {
            return try await conversations.call(Keys.Check(keys: keys), CallContext(deadline: .now + Self.patience))
        } catch {
            Logger.current.debug("Keys not looked at", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
