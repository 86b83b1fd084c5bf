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
        // The clock is adjusted by a few seconds each time.
        let answers = stride(from: Int64(0), to: 10_000, by: 300).map { seconds in
            clock.mayExpire(at: Self.moment(seconds, wrongBy: seconds / 100))
        }
        #expect(!answers.contains(false))
    }

    @Test(arguments: [86_400, -86_400, 61, -61, 2_000_000_000])
    func `after a jump nothing expires during the pause`(_ error: Int64) {
        var clock = ClockJumpDetector(pause: .seconds(1000), now: Self.moment(0))
        let before = clock.mayExpire(at: Self.moment(300))
        let wrong = [600, 1599, 1600].map { clock.mayExpire(at: Self.moment($0, wrongBy: error)) }
        // When the clock is set right, the pause begins again.
        let right = [1700, 2699, 2700].map { clock.mayExpire(at: Self.moment($0)) }
        #expect(before)
        #expect(wrong == [false, false, true])
        #expect(right == [false, false, true])
    }

    @Test func `nothing expires during the first pause`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), initialPause: .seconds(500), now: Self.moment(0))
        let answers = [0, 499, 500].map { clock.mayExpire(at: Self.moment($0)) }
        #expect(answers == [false, false, true])
    }

    @Test func `a jump during the first pause pauses from the jump`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), initialPause: .seconds(500), now: Self.moment(0))
        let answers = [100, 1099, 1100].map { clock.mayExpire(at: Self.moment($0, wrongBy: 3600)) }
        #expect(answers == [false, false, true])
    }

    @Test func `the clocks of this machine agree`() {
        var clock = ClockJumpDetector(pause: .seconds(1000), now: .now())
        let isSteady = clock.mayExpire(at: .now())
        #expect(isSteady)
        var suspending = ClockJumpDetector(pause: .seconds(1000), now: .nowWithoutSuspension())
        let isSteadyWithoutSuspension = suspending.mayExpire(at: .nowWithoutSuspension())
        #expect(isSteadyWithoutSuspension)
    }
}
