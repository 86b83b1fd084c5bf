import Synchronization

/// Counts from any thread.
final class Tally: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .relaxed) }

    func add(_ number: Int) {
        value.wrappingAdd(number, ordering: .relaxed)
    }
}
