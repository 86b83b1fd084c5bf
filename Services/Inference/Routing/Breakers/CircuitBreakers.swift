import Synchronization

/// The circuit breakers of all targets, created at the first failure.
///
/// Models that no provider lists have a small table of their own: invented names cannot displace others. Thread-safe.
final class CircuitBreakers: Sendable {
    static let listedLimit = 1024
    static let unlistedLimit = 128

    private struct Tables {
        var listed = BreakerTable(limit: CircuitBreakers.listedLimit)
        var unlisted = BreakerTable(limit: CircuitBreakers.unlistedLimit)
    }

    private let tables = Mutex(Tables())
    private let metrics: ModelMetrics
    /// Whether failures open breakers.
    private let isEnabled: Bool

    init(metrics: ModelMetrics = ModelMetrics(), isEnabled: Bool = true) {
        self.metrics = metrics
        self.isEnabled = isEnabled
    }

    /// The number of breakers that are remembered.
    var count: Int { tables.withLock { $0.listed.count + $0.unlisted.count } }

    /// How long requests to a target are refused; `nil` if they are not.
    ///
    /// Begins no trial.
    func refusal(of target: Target, at now: CircuitBreaker.Instant = .now) -> Duration? {
        tables.withLock { $0[keyPath: Self.table(of: target)][target.key]?.refusal(at: now) }
    }

    /// Whether requests to a target are refused.
    func isOpen(_ target: Target) -> Bool { refusal(of: target) != nil }

    /// Admits a request or refuses it; an open breaker admits a trial after its pause.
    func admit(_ target: Target, at now: CircuitBreaker.Instant = .now) -> CircuitBreaker.Admission {
        var admission = CircuitBreaker.Admission.admitted
        change(target) { admission = $0.admit(at: now) }
        return admission
    }

    func began(_ target: Target) { change(target) { $0.began(at: .now) } }

    func succeeded(_ target: Target) { change(target) { $0.succeeded(at: .now) } }

    func failed(_ target: Target) {
        guard isEnabled else { return }
        change(target, creates: true) { $0.failed(at: .now) }
    }

    func abandoned(_ target: Target) { change(target) { $0.abandoned(at: .now) } }

    private static func table(of target: Target) -> WritableKeyPath<Tables, BreakerTable> {
        target.isListed ? \.listed : \.unlisted
    }

    private func change(_ target: Target, creates: Bool = false, _ change: (inout CircuitBreaker) -> Void) {
        let (before, after) = tables.withLock {
            $0[keyPath: Self.table(of: target)].change(target.key, creates: creates, change)
        }
        if before != after { metrics.setCircuit(of: target, isOpen: after) }
    }
}
