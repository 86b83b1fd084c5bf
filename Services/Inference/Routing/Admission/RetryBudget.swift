import Synchronization

/// Limits retries to one for every five requests and a few initial ones, so that retries do not prolong an outage.
///
/// Thread-safe.
final class RetryBudget: Sendable {
    private static let share = 0.2
    private static let initialBalance = 10.0
    private static let maximumBalance = 50.0

    private let balance = Mutex(RetryBudget.initialBalance)

    /// Adds the share of one request.
    func earn() {
        balance.withLock { $0 = min($0 + Self.share, Self.maximumBalance) }
    }

    /// Takes one retry from the budget; returns `false` if none is left.
    func spend() -> Bool {
        balance.withLock { balance in
            guard balance >= 1 else { return false }
            balance -= 1
            return true
        }
    }
}
