import Contracts
import Testing

@testable import ConversationService

/// Nothing expires too early because the system clock was set.
struct ClockJumpDetectorTests {
    /// The time after a number of seconds, with a system clock that is wrong by other seconds.
    private static func moment(_ seconds: Int64, wrongBy error: Int64 = 0) -> ClockJumpDetector.Moment {
        ClockJumpDetector.Moment(
            wall: Timestamp(microseconds: 1_800_000_000_000_000 + (seconds + error) * 1_000_000),
            monotonic: .seconds(seconds)
        )
    }

    @Test func `a steady clock never pauses`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), now: Self.moment(0))
        for seconds in stride(from: Int64(0), to: 10_000, by: 300) {
            // The clock is adjusted by a few seconds each time.
            #expect(clock.mayExpire(at: Self.moment(seconds, wrongBy: seconds / 100)))
        }
    }

    @Test(arguments: [86_400, -86_400, 61, -61, 2_000_000_000])
    func `after a jump nothing expires during the pause`(_ error: Int64) {
        var clock = ClockJumpDetector(pause: .seconds(1000), now: Self.moment(0))
        #expect(clock.mayExpire(at: Self.moment(300)))
        #expect(!clock.mayExpire(at: Self.moment(600, wrongBy: error)))
        #expect(!clock.mayExpire(at: Self.moment(1599, wrongBy: error)))
        #expect(clock.mayExpire(at: Self.moment(1600, wrongBy: error)))
        // When the clock is set right, the pause begins again.
        #expect(!clock.mayExpire(at: Self.moment(1700)))
        #expect(!clock.mayExpire(at: Self.moment(2699)))
        #expect(clock.mayExpire(at: Self.moment(2700)))
    }

    @Test func `nothing expires during the first pause`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), initialPause: .seconds(500), now: Self.moment(0))
        #expect(!clock.mayExpire(at: Self.moment(0)))
        #expect(!clock.mayExpire(at: Self.moment(499)))
        #expect(clock.mayExpire(at: Self.moment(500)))
    }

    @Test func `a jump during the first pause pauses from the jump`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), initialPause: .seconds(500), now: Self.moment(0))
        #expect(!clock.mayExpire(at: Self.moment(100, wrongBy: 3600)))
        #expect(!clock.mayExpire(at: Self.moment(1099, wrongBy: 3600)))
        #expect(clock.mayExpire(at: Self.moment(1100, wrongBy: 3600)))
    }

    @Test func `the clocks of this machine agree`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), now: .now())
        #expect(clock.mayExpire(at: .now()))
        clock = ClockJumpDetector(pause: .seconds(1000), now: .nowWithoutSuspension())
        #expect(clock.mayExpire(at: .nowWithoutSuspension()))
    }
}
