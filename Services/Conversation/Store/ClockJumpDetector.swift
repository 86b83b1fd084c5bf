import Contracts

/// Detects that the system clock was set between two looks at it.
///
/// What is stored with a time is then younger than it seems, so nothing may expire until what exists now has reached its
/// full lifetime.
struct ClockJumpDetector {
    /// Difference between the system clock and a monotonic clock above which it counts as a jump: more than a clock is
    /// adjusted by between two looks.
    private static let tolerance = Duration.seconds(60)

    /// How long nothing may expire after a jump.
    private let pause: Duration
    private var last: Moment
    private var pausedUntil: Duration

    /// Nothing may expire for `pause` after a jump, and for `initialPause` from now on.
    init(pause: Duration, initialPause: Duration = .zero, now: Moment) {
        self.pause = pause
        last = now
        pausedUntil = now.monotonic + initialPause
    }

    /// Looks at the clocks; returns whether what is too old by the system clock may expire.
    mutating func mayExpire(at now: Moment) -> Bool {
        let moved = Duration.microseconds(now.wall.microseconds - last.wall.microseconds)
        let difference = moved - (now.monotonic - last.monotonic)
        last = now
        if difference > Self.tolerance || difference < .zero - Self.tolerance {
            pausedUntil = now.monotonic + pause
        }
        return now.monotonic >= pausedUntil
    }

    /// The time on the system clock and on a monotonic clock.
    struct Moment {
        private static let continuousOrigin = ContinuousClock.now
        private static let suspendingOrigin = SuspendingClock.now

        var wall: Timestamp
        /// Time since an arbitrary moment.
        var monotonic: Duration

        /// The time on the system clock and since the start, including the time during which the machine was suspended.
        static func now() -> Moment {
            Moment(wall: .now(), monotonic: ContinuousClock.now - continuousOrigin)
        }

        /// The time on the system clock and since the start, without the time during which the machine was suspended: to
        /// wake up counts as a jump of the system clock.
        static func nowWithoutSuspension() -> Moment {
            Moment(wall: .now(), monotonic: SuspendingClock.now - suspendingOrigin)
        }
    }
}
