import ParleyTool
import Testing

@Suite struct RestartPolicyTests {
    @Test func `one that was ready starts again at once`() {
        var policy = RestartPolicy()
        #expect(policy.delay(wasReady: true) == .zero)
        #expect(policy.delay(wasReady: true) == .zero)
    }

    @Test func `one that never was waits longer each time, up to a bound`() {
        var policy = RestartPolicy()
        let delays = (0..<10).map { _ in policy.delay(wasReady: false) }
        let expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000].map { Duration.milliseconds($0) }
        #expect(delays == expected)
    }

    @Test func `having been ready once forgives what was before`() {
        var policy = RestartPolicy()
        for _ in 0..<5 { _ = policy.delay(wasReady: false) }
        _ = policy.delay(wasReady: true)
        #expect(policy.delay(wasReady: false) == .milliseconds(100))
    }

    @Test func `it never overflows`() {
        var policy = RestartPolicy()
        #expect((0..<2000).map { _ in policy.delay(wasReady: false) }.last == .seconds(5))
    }
}
