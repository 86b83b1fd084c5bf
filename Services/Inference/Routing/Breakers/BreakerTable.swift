/// Circuit breakers by the name of their target: bounded, and the least recently used one is forgotten first.
///
/// Pure.
struct BreakerTable: Sendable {
    private struct Entry {
        var breaker: CircuitBreaker
        var lastUse: UInt64
    }

    private let limit: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { entries.count }

    subscript(name: String) -> CircuitBreaker? { entries[name]?.breaker }

    /// Changes a breaker; `creates` says whether a new one is created for an unknown name.
    ///
    /// Returns whether the breaker was open before and is open now. A healthy breaker is dropped.
    mutating func change(
        _ name: String,
        creates: Bool = false,
        _ change: (inout CircuitBreaker) -> Void
    ) -> (before: Bool, after: Bool) {
        guard var breaker = entries[name]?.breaker ?? (creates ? CircuitBreaker() : nil) else { return (false, false) }
        let before = breaker.isOpen
        change(&breaker)
        uses += 1
        if breaker.isHealthy {
            entries[name] = nil
        } else {
            if entries[name] == nil, entries.count >= limit { forgetOldest() }
            entries[name] = Entry(breaker: breaker, lastUse: uses)
        }
        return (before, breaker.isOpen)
    }

    private mutating func forgetOldest() {
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        entries[oldest.key] = nil
    }
}
