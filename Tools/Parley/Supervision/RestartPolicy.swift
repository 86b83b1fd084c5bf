/// The pauses between restarts of a service.
///
/// A service that was ready for long enough restarts at once. Otherwise each pause is twice as long as the one before.
package struct RestartPolicy: Sendable {
    private static let firstDelay = Duration.milliseconds(100)
    private static let maximumDelay = Duration.seconds(5)
    /// Minimum time that a service must have been ready for earlier failures to be forgotten.
    package static let stableUptime = Duration.seconds(10)

    private var failures = 0

    package init() {}

    /// Returns the pause before the next start of a service that was ready for a time; `nil` if it was never ready.
    package mutating func delay(readyFor: Duration?) -> Duration {
        if let readyFor, readyFor >= Self.stableUptime { failures = 0 }
        // The first failure of a service that was ready costs no pause.
        guard readyFor == nil || failures > 0 else {
            failures = 1
            return .zero
        }
        let exponent = readyFor == nil ? failures : failures - 1
        failures += 1
        return min(Self.firstDelay * (1 << min(exponent, 10)), Self.maximumDelay)
    }
}
