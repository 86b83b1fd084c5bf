import Metrics
import Synchronization

/// The circuit breakers of all models by full name, created at the first failure.
///
/// Thread-safe.
final class CircuitBreakers: Sendable {
    /// Maximum number of entries.
    private static let limit = 4096

    private let breakers = Mutex<[String: CircuitBreaker]>([:])

    func admit(_ model: String, at now: CircuitBreaker.Instant = .now) -> CircuitBreaker.Admission {
        breakers.withLock { $0[model]?.admit(at: now) ?? .admitted }
    }

    func succeeded(_ model: String) {
        change(model) { $0?.succeeded(at: .now) }
    }

    func failed(_ model: String) {
        change(model) { breaker in
            breaker = breaker ?? CircuitBreaker()
            breaker?.failed(at: .now)
        }
    }

    func abandoned(_ model: String) {
        change(model) { $0?.abandoned(at: .now) }
    }

    private func change(_ model: String, _ change: (inout CircuitBreaker?) -> Void) {
        let (before, after) = breakers.withLock { breakers in
            let before = breakers[model]?.isOpen ?? false
            var breaker = breakers[model]
            change(&breaker)
            if breakers.count < Self.limit || breakers[model] != nil { breakers[model] = breaker }
            return (before, breaker?.isOpen ?? false)
        }
        guard before != after else { return }
        Meter(label: "inference_circuit_open", dimensions: [("model", model)]).set(after ? 1 : 0)
    }
}
