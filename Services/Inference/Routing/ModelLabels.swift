import Synchronization

/// The names of models in metrics: a bounded set, because each name is a time series that lives as long as the process.
///
/// Names that no provider lists can be a client's invention, so they share one label. Thread-safe.
final class ModelLabels: Sendable {
    static let other = "other"
    private static let limit = 1000

    private let names = Mutex<Set<String>>([])

    func label(of target: Target) -> String {
        guard target.isListed else { return Self.other }
        return names.withLock { names in
            if names.contains(target.key) { return target.key }
            guard names.count < Self.limit else { return Self.other }
            names.insert(target.key)
            return target.key
        }
    }
}
