/// When a service that died is started again, as a pure function.
///
/// One that had been ready is started at once; back-off begins when it dies before it was.
package struct RestartPolicy: Sendable {
    private static let first = Duration.milliseconds(100)
    private static let longest = Duration.seconds(5)

    private var failures = 0

    package init() {}

    /// How long to wait before the next start.
    package mutating func delay(wasReady: Bool) -> Duration {
        guard !wasReady else {
            failures = 0
            return .zero
        }
        failures += 1
        let factor = 1 << min(failures - 1, 10)
        return min(Self.first * factor, Self.longest)
    }
}
