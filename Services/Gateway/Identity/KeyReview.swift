import Bus
import Contracts
import Logging
import ServiceLifecycle

/// Looks again at keys by which something is going on: those that news came of, all of them when news may have been
/// missed, and those whose end has come.
struct KeyReview: Service {
    private static let interval = Duration.milliseconds(250)
    /// With the interval it is less than a second.
    private static let patience = Duration.milliseconds(700)

    let conversations: any Bus
    let cache: KeyCache

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await Task.sleep(for: Self.interval) } catch { return }
                await review()
            }
        }
    }

    private func review() async {
        cache.endExpired()
        let doubts = cache.takeDoubts(atMost: Keys.Check.limit)
        guard !doubts.isEmpty else { return }
        cache.settle(doubts, by: await find(Array(doubts.keys)))
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
