import ParleyTool
import Testing

@Suite struct RestartPolicyTests {
    @Test func `a service that was ready for long restarts at once`() {
        var policy = RestartPolicy()
        #expect(policy.delay(readyFor: RestartPolicy.stableUptime) == .zero)
        #expect(policy.delay(readyFor: .seconds(3600)) == .zero)
    }

    @Test func `a service that was never ready waits twice as long each time, up to 5 seconds`() {
        var policy = RestartPolicy()
        let delays = (0..<10).map { _ in policy.delay(readyFor: nil) }
        let expected = [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000].map { Duration.milliseconds($0) }
        #expect(delays == expected)
    }

    @Test func `a service that exits right after it was ready waits from the second time on`() {
        var policy = RestartPolicy()
        let delays = (0..<8).map { _ in policy.delay(readyFor: .seconds(1)) }
        #expect(delays == [0, 100, 200, 400, 800, 1600, 3200, 5000].map { Duration.milliseconds($0) })
    }

    @Test func `a long time of being ready resets the pauses`() {
        var policy = RestartPolicy()
        for _ in 0..<5 { _ = policy.delay(readyFor: nil) }
        #expect(policy.delay(readyFor: RestartPolicy.stableUptime) == .zero)
        #expect(policy.delay(readyFor: .seconds(1)) == .milliseconds(100))
    }

    @Test func `the pause never overflows`() {
        var policy = RestartPolicy()
        #expect((0..<2000).map { _ in policy.delay(readyFor: nil) }.last == .seconds(5))
    }
}
