import Contracts
import Synchronization

/// One attempt with a target: it holds a slot of the provider until it ends, and reports its end to the circuit breaker.
///
/// Thread-safe.
final class AdmittedCall: Sendable {
    /// How an attempt ended.
    enum End {
        /// The answer is complete.
        case completed
        case failed(any Error)
        /// The client left after the provider had been silent for a time.
        case left(silence: Duration)
    }

    private struct State {
        var isKept = false
        var isOver = false
    }

    let target: Target
    let runtime: ProviderRuntime
    /// The failed attempts before this one.
    let attempts: [Attempt]
    /// The time at which the call received its slot.
    let start: ContinuousClock.Instant
    /// The timeouts of this attempt; `firstToken` limits the whole of an answer that is not streamed.
    let limits: GenerationTimeouts
    private let slots: [ProviderQueue]
    private let breakers: CircuitBreakers
    private let state = Mutex(State())

    init(
        target: Target,
        runtime: ProviderRuntime,
        attempts: [Attempt],
        start: ContinuousClock.Instant,
        limits: GenerationTimeouts,
        slots: [ProviderQueue],
        breakers: CircuitBreakers
    ) {
        self.target = target
        self.runtime = runtime
        self.attempts = attempts
        self.start = start
        self.limits = limits
        self.slots = slots
        self.breakers = breakers
    }

    /// Keeps the slot after the attempt has returned its answer; the owner of the answer calls ``end(_:)``.
    func keep() { state.withLock { $0.isKept = true } }

    var isKept: Bool { state.withLock { $0.isKept } }

    /// The provider has begun to answer.
    func began() { breakers.began(target) }

    /// Returns the slot and reports the end; only the first call has an effect.
    func end(_ end: End) {
        guard
            state.withLock({ state in
                defer { state.isOver = true }
                return !state.isOver
            })
        else { return }
        for queue in slots { queue.release() }
        switch end {
        case .completed: breakers.succeeded(target)
        case .failed(let error as ProviderError): report(error)
        case .failed: breakers.abandoned(target)
        case .left(let silence): countsAsSilence(silence) ? breakers.failed(target) : breakers.abandoned(target)
        }
    }

    private func report(_ error: ProviderError) {
        guard error.isOutage else {
            // A server that answers is there, whatever it answers.
            return error.status == nil ? breakers.abandoned(target) : breakers.succeeded(target)
        }
        switch error.cause {
        // A limit that the client's deadline cut short says nothing about the provider.
        case .silent where !countsAsSilence(limits.firstToken): breakers.abandoned(target)
        case .late where limits.whole < runtime.limits.whole: breakers.abandoned(target)
        default: breakers.failed(target)
        }
    }

    /// Whether a silence of this length counts against the provider: half of its limit, or ten seconds.
    private func countsAsSilence(_ silence: Duration) -> Bool {
        silence >= min(runtime.limits.firstToken / 2, .seconds(10))
    }
}
