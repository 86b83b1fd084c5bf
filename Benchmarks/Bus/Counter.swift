import Synchronization

/// A thread-safe counter.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ number: Int) {
        count.wrappingAdd(number, ordering: .relaxed)
    }
}
