/// Why an attempt with one target gave no answer.
///
/// What to do about it is not part of a cause: the table ``consequence`` says it in one place.
enum Cause: String, CaseIterable, Sendable {
    // MARK: Nothing was sent.

    /// The circuit breaker of the target is open.
    case circuitOpen
    /// The queue of the provider is full.
    case queueFull
    /// No slot of the provider became free in time.
    case queueTimeout
    /// The provider's API cannot express the request.
    case unsupported
    /// No connection, or no TLS.
    case unreachable

    // MARK: The provider refused.

    /// The provider rejected our credential.
    case credential
    /// The provider's credit or long-term quota is used up.
    case spent
    /// Too many requests; passes by itself.
    case limited
    /// The provider is overloaded or not ready; passes by itself.
    case overloaded
    /// An internal or unknown error of the provider.
    case failed
    case modelMissing
    /// There is no API at the configured address.
    case noInterface
    case redirected
    case toolsUnsupported
    case contextTooLong
    /// The request has too many bytes for the provider.
    case tooLarge
    /// The request itself is at fault.
    case rejected

    // MARK: The provider gave no usable answer.

    /// There was no first token in time.
    case silent
    /// There was no further token in time.
    case stalled
    /// The answer was not complete within the deadline.
    case late
    /// The connection ended before the answer was complete.
    case broken
    /// The response is not in the provider's format.
    case unreadable
    /// The answer ended without content.
    case empty
    /// Only this answer failed: the model wrote an invalid call of a tool, for example.
    case modelFailed
}

/// What follows from a ``Cause`` while nothing of the answer has been passed on.
struct Consequence: Sendable, Equatable {
    /// When the same target is asked again.
    enum Retry: Sendable {
        case always
        /// Only if no other target is left, and the failed attempt cannot have cost anything.
        case ifLastAndFree
        case never
    }

    /// When the next target is asked.
    enum Next: Sendable {
        case always
        /// Only if this target is a fallback itself: the first target speaks for the request.
        case afterFallback
    }

    var sameTarget: Retry
    var nextTarget: Next
    /// Whether it counts against the target's circuit breaker.
    var isOutage: Bool
    /// Whether the provider may have charged for the attempt.
    var mayBeBilled: Bool
}

extension Cause {
    var consequence: Consequence {
        switch self {
        case .circuitOpen, .queueFull, .queueTimeout, .unsupported: Self.elsewhere
        case .unreachable, .overloaded, .failed, .broken: Self.outage
        case .limited: Consequence(sameTarget: .always, nextTarget: .always, isOutage: false, mayBeBilled: false)
        case .credential, .spent, .modelMissing, .noInterface, .redirected, .toolsUnsupported, .contextTooLong:
            Self.elsewhere
        case .tooLarge, .rejected:
            Consequence(sameTarget: .never, nextTarget: .afterFallback, isOutage: false, mayBeBilled: false)
        case .silent, .stalled, .late:
            Consequence(sameTarget: .ifLastAndFree, nextTarget: .always, isOutage: true, mayBeBilled: true)
        case .unreadable: Consequence(sameTarget: .never, nextTarget: .always, isOutage: false, mayBeBilled: true)
        case .empty:
            Consequence(sameTarget: .ifLastAndFree, nextTarget: .always, isOutage: false, mayBeBilled: true)
        case .modelFailed:
            Consequence(sameTarget: .always, nextTarget: .always, isOutage: false, mayBeBilled: true)
        }
    }

    private static let elsewhere = Consequence(
        sameTarget: .never,
        nextTarget: .always,
        isOutage: false,
        mayBeBilled: false
    )
    private static let outage = Consequence(
        sameTarget: .always,
        nextTarget: .always,
        isOutage: true,
        mayBeBilled: false
    )
}
