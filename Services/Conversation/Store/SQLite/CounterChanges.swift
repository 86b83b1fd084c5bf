/// What a transaction adds to counters.
///
/// Turns of many conversations share a transaction; each counter is then written once and not once per message.
final class CounterChanges {
    private(set) var values: [String: Int] = [:]

    func add(_ count: Int, to name: String) {
        values[name, default: 0] += count
    }
}
