import Contracts

/// What the targets of one call answered so far: its attempts, the error to report, and which targets can still help.
///
/// Pure.
struct AdmissionLog: Sendable {
    private(set) var attempts: [Attempt] = []
    /// The first error of a target that was asked, or whose queue was full.
    private var fault: ProviderError?
    /// The first error of a target that was not asked.
    private var skip: ProviderError?
    /// Only a target with a larger context window can help, in tokens.
    private var exceededWindow: Int?

    init(earlier: ProviderError? = nil) {
        fault = earlier
    }

    mutating func add(_ attempt: Attempt, _ error: ProviderError, window: Int?) {
        attempts.append(attempt)
        if attempt.outcome == .skipped { skip = skip ?? error } else { fault = fault ?? error }
        if error.cause == .contextTooLong, let window { exceededWindow = max(exceededWindow ?? 0, window) }
    }

    /// Whether a target may answer where the others failed.
    func mayHelp(_ target: Target) -> Bool {
        guard let exceededWindow, let window = target.window else { return true }
        return window > exceededWindow
    }

    /// The error for the caller: the first real one, with all attempts.
    ///
    /// A circuit breaker that opened meanwhile does not hide the error that opened it.
    var result: Fault {
        var result = (fault ?? skip)?.fault ?? Fault(.missing, "There is no model for the request.")
        result.attempts = attempts
        return result
    }
}
