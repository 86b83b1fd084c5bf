import Contracts
import Metrics
import Synchronization

/// The metrics whose labels are names of models: failed attempts, and open circuit breakers.
///
/// Each name is several time series, so their number is bounded, and the least recently used name is forgotten first.
/// Names that no provider lists can be a client's invention, so they share one label. Thread-safe.
final class ModelMetrics: Sendable {
    static let other = "other"
    static let limit = 100

    private struct Entry {
        /// The counters by outcome, code and cause.
        var attempts: [String: Counter] = [:]
        var circuit: Meter?
        var lastUse: UInt64 = 0
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())

    /// The names of models that are labels at the moment.
    var labels: Set<String> { state.withLock { Set($0.entries.keys) } }

    /// Counts an attempt that failed.
    func count(_ attempt: Attempt, of target: Target) {
        let label = target.isListed ? target.key : Self.other
        let (code, cause) = (attempt.code?.rawValue ?? "none", attempt.cause ?? "none")
        let counter = use(label) { entry in
            let key = "\(attempt.outcome.rawValue) \(code) \(cause)"
            if let counter = entry.attempts[key] { return counter }
            let counter = Counter(
                label: "inference_attempts",
                dimensions: [
                    ("model", label), ("outcome", attempt.outcome.rawValue), ("code", code), ("cause", cause),
                ]
            )
            entry.attempts[key] = counter
            return counter
        }
        counter.increment()
    }

    /// Records that the circuit breaker of a target has opened or closed; unlisted models have no such metric.
    func setCircuit(of target: Target, isOpen: Bool) {
        guard target.isListed else { return }
        let meter = use(target.key) { entry in
            let meter =
                entry.circuit ?? Meter(label: "inference_circuit_open", dimensions: [("model", target.key)])
            entry.circuit = meter
            return meter
        }
        meter.set(isOpen ? 1 : 0)
    }

    private func use<Value: Sendable>(_ label: String, _ body: (inout Entry) -> Value) -> Value {
        state.withLock { state in
            if state.entries[label] == nil, state.entries.count >= Self.limit { Self.forgetOldest(&state) }
            state.uses += 1
            var entry = state.entries[label] ?? Entry()
            entry.lastUse = state.uses
            defer { state.entries[label] = entry }
            return body(&entry)
        }
    }

    private static func forgetOldest(_ state: inout State) {
        guard let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        for counter in oldest.value.attempts.values { counter.destroy() }
        oldest.value.circuit?.destroy()
        state.entries[oldest.key] = nil
    }
}
