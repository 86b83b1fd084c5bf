import Synchronization

/// How many tries beyond the first a provider is spared or given: one for every five requests, and a few to begin with, so
/// that an outage is not made worse by those who wait for its end.
final class RetryBudget: Sendable {
    private static let share = 0.2
    private static let beginning = 10.0
    private static let most = 50.0

    private let balance = Mutex(RetryBudget.beginning)

    /// A request came.
    func earn() {
        balance.withLock { $0 = min($0 + Self.share, Self.most) }
    }

    /// Whether another try may be made; it is then paid for.
    func spend() -> Bool {
        balance.withLock { balance in
            guard balance >= 1 else { return false }
            balance -= 1
            return true
        }
    }
}
