import Testing

@testable import InferenceService

@Suite struct BreakerTableTests {
    private let now = ContinuousClock.now

    @Test func `the least recently used breaker is forgotten first`() {
        var table = BreakerTable(limit: 3)
        for name in ["a", "b", "c"] { _ = table.change(name, creates: true) { $0.failed(at: now) } }
        _ = table.change("a") { $0.failed(at: now) }
        _ = table.change("d", creates: true) { $0.failed(at: now) }
        #expect(table.count == 3)
        #expect(table["a"] != nil && table["b"] == nil && table["d"] != nil)
    }

    @Test func `a healthy breaker is dropped, and an unknown one is not created`() {
        var table = BreakerTable(limit: 3)
        _ = table.change("a") { $0.succeeded(at: now) }
        #expect(table.count == 0)
        _ = table.change("a", creates: true) { $0.failed(at: now) }
        _ = table.change("a") { $0.succeeded(at: now) }
        #expect(table.count == 1, "Its failure is still within the window.")
        _ = table.change("a") { $0.succeeded(at: now + .seconds(31)) }
        #expect(table.count == 0)
    }
}
