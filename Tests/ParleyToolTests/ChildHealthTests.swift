import Testing

@testable import ParleyTool

@Suite struct ChildHealthTests {
    private let start = ContinuousClock.now

    private func changes(_ results: [(HealthProbe.Result, Duration)]) -> [ChildHealth.Change?] {
        var health = ChildHealth(start: start)
        return results.map { health.update($0.0, now: start + $0.1) }
    }

    @Test func `a child becomes ready once`() {
        let changes = changes([
            (.refused, .zero), (.notReady, .seconds(1)), (.ready, .seconds(2)), (.ready, .seconds(3)),
        ])
        #expect(changes == [nil, nil, .becameReady, nil])
    }

    @Test func `three timeouts in a row mean that a child hangs`() {
        let timeout = HealthProbe.Result.timedOut
        let changes = changes([
            (.ready, .zero), (timeout, .seconds(3)), (timeout, .seconds(6)), (.notReady, .seconds(7)),
            (timeout, .seconds(9)), (timeout, .seconds(12)), (timeout, .seconds(15)),
        ])
        #expect(changes == [.becameReady, nil, nil, nil, nil, nil, .hung])
    }

    @Test func `a child that does not listen while it shuts down does not hang`() {
        let changes = changes([
            (.ready, .zero), (.refused, .seconds(3)), (.refused, .seconds(25)), (.refused, .seconds(31)),
        ])
        #expect(changes == [.becameReady, nil, nil, .hung])
    }

    @Test func `another program on the port is reported once`() {
        let other = HealthProbe.Result.otherProgram
        #expect(changes([(other, .zero), (other, .seconds(1))]) == [.portTaken, nil])
    }

    @Test func `a child that never listens hangs after five minutes`() {
        #expect(changes([(.refused, .seconds(299)), (.refused, .seconds(301))]) == [nil, .hung])
        #expect(changes([(.timedOut, .seconds(299)), (.timedOut, .seconds(301))]) == [nil, .hung])
        #expect(changes([(.notReady, .seconds(301))]) == [nil])
    }
}
