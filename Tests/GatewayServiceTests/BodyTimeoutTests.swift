import NIOCore
import Testing

@testable import GatewayService

/// How slowly a body may arrive.
struct BodyTimeoutTests {
    private let start = NIODeadline.now()
    private let limits = BodyTimeout.Limits(grace: .seconds(5), pause: .seconds(15), minimumRate: 1024)

    private func isTooSlow(_ timeout: BodyTimeout, after time: TimeAmount) -> Bool {
        timeout.remaining(at: start + time).map { $0 < .zero } ?? false
    }

    @Test func `a body below the minimum rate is too slow after the grace period`() {
        var timeout = BodyTimeout(limits)
        timeout.startReading(at: start)
        #expect(!isTooSlow(timeout, after: .seconds(5)))
        #expect(isTooSlow(timeout, after: .seconds(6)))
        timeout.received(2048, at: start + .seconds(4))
        #expect(!isTooSlow(timeout, after: .seconds(7)))
        #expect(isTooSlow(timeout, after: .seconds(8)))
    }

    @Test func `a body at 4 Mbit per second passes, however long it takes`() {
        var timeout = BodyTimeout(limits)
        timeout.startReading(at: start)
        for second in 1...67 {
            timeout.received(500_000, at: start + .seconds(Int64(second)))
            #expect(!isTooSlow(timeout, after: .seconds(Int64(second) + 1)))
        }
        #expect(timeout.bytes == 33_500_000)
    }

    @Test func `a fast client may pause, but not for ever`() {
        var timeout = BodyTimeout(limits)
        timeout.startReading(at: start)
        timeout.received(50_000_000, at: start)
        #expect(!isTooSlow(timeout, after: .seconds(15)))
        #expect(isTooSlow(timeout, after: .seconds(16)))
    }

    @Test func `the clock stands still while the server does not read`() {
        var timeout = BodyTimeout(limits)
        timeout.startReading(at: start)
        timeout.stopReading(at: start + .seconds(1))
        #expect(timeout.remaining(at: start + .hours(1)) == nil)
        timeout.startReading(at: start + .hours(1))
        #expect(timeout.remaining(at: start + .hours(1)) == .seconds(4))
    }

    @Test func `a request waits for its 100 Continue without a clock`() {
        var timeouts = RequestTimeouts(headLimit: .seconds(10))
        timeouts.readStarted(at: start)
        timeouts.requestStarted(at: start)
        #expect(timeouts.remaining(at: start + .seconds(4)) == .seconds(6))
        timeouts.headEnded(limits, waitsForContinue: true, at: start)
        #expect(timeouts.remaining(at: start + .seconds(30)) == nil)
        timeouts.continueSent(at: start + .seconds(30))
        #expect(timeouts.remaining(at: start + .seconds(30)) == .seconds(5))
        timeouts.readEnded(at: start + .seconds(31))
        #expect(timeouts.remaining(at: start + .seconds(60)) == nil)
        timeouts.requestEnded()
        timeouts.readStarted(at: start + .seconds(60))
        #expect(timeouts.remaining(at: start + .seconds(60)) == nil)
    }
}
