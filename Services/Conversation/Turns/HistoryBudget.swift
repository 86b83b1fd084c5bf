import Synchronization

/// Counts the bytes of the histories of all live conversations.
final class HistoryBudget: Sendable {
    /// The maximum size of all histories, in bytes; above it, idle conversations are evicted.
    let limit: Int
    private let total = Atomic(0)

    init(limit: Int = 256 * 1024 * 1024) {
        self.limit = limit
    }

    /// Size of all histories, in bytes.
    var bytes: Int { total.load(ordering: .relaxed) }

    /// Returns a share with a size of 0, which counts until it is released.
    func share() -> Share { Share(self) }

    /// The size of one history.
    final class Share: Sendable {
        private let budget: HistoryBudget
        private let size = Atomic(0)

        fileprivate init(_ budget: HistoryBudget) {
            self.budget = budget
        }

        /// The size, in bytes.
        var bytes: Int { size.load(ordering: .relaxed) }

        func set(_ bytes: Int) {
            let former = size.exchange(bytes, ordering: .relaxed)
            budget.total.wrappingAdd(bytes - former, ordering: .relaxed)
        }

        deinit {
            budget.total.wrappingSubtract(size.load(ordering: .relaxed), ordering: .relaxed)
        }
    }
}
