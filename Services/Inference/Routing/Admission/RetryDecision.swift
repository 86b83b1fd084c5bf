/// Decides whether the same target is asked again: a pure function.
struct RetryDecision: Sendable {
    /// Longer pauses are worse than another target.
    private static let longestPauseBeforeFallback = Duration.seconds(2)

    let policy: RetryPolicy
    /// Whether no other target is left.
    let isLast: Bool
    /// Whether attempts with the target cost nothing.
    let isFree: Bool

    /// The pause before the same target is asked again; `nil` if it is not.
    ///
    /// - Parameters:
    /// - error: the error of the last attempt.
    /// - tries: the number of earlier retries.
    /// - timeLeft: the time that the target has for its answer to begin.
    func pause(after error: ProviderError, tries: Int, timeLeft: Duration) -> Duration? {
        guard permitsRetry(error.cause), let pause = policy.pause(after: tries, asked: error.delay), pause < timeLeft,
            isLast || pause <= Self.longestPauseBeforeFallback
        else { return nil }
        return pause
    }

    private func permitsRetry(_ cause: Cause) -> Bool {
        switch cause.consequence.sameTarget {
        case .always: true
        case .ifLastAndFree: isLast && (isFree || !cause.consequence.mayBeBilled)
        case .never: false
        }
    }
}
