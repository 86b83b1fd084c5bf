import CoreMetrics
import Synchronization

/// A time series of Prometheus: a counter, a gauge or a histogram.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, RecorderHandler, MeterHandler, TimerHandler {
    enum Kind: Sendable {
        case counter
        case gauge
        /// A histogram of values multiplied by the scale.
        case histogram(scale: Double)

        var word: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
    ]

    private struct State {
        var value = 0.0
        var count = 0
        var buckets = Array(repeating: 0, count: MetricSeries.bounds.count)
    }

    let kind: Kind
    private let state = Mutex(State())

    init(kind: Kind) {
        self.kind = kind
    }

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func reset() { state.withLock { $0 = State() } }
    func record(_ value: Int64) { record(Double(value)) }
    func set(_ value: Int64) { record(Double(value)) }
    func set(_ value: Double) { record(value) }
    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }

    func record(_ value: Double) {
        switch kind {
        case .counter: add(value)
        case .gauge: state.withLock { $0.value = value }
        case .histogram(let scale): observe(value * scale)
        }
    }

    private func add(_ amount: Double) {
        state.withLock { $0.value += amount }
    }

    private func observe(_ value: Double) {
        // A NaN or an infinity would make the sum useless.
        guard value.isFinite else { return }
        state.withLock { state in
            state.value += value
            state.count += 1
            if let index = Self.bounds.firstIndex(where: { value <= $0 }) { state.buckets[index] += 1 }
        }
    }

    /// Returns the lines of the series in Prometheus's text format.
    func render(_ name: MetricSeriesName) -> String {
        let state = state.withLock { $0 }
        guard case .histogram = kind else { return "\(name.name)\(name.labelSet()) \(state.value)\n" }
        var text = ""
        var below = 0
        for (bound, count) in zip(Self.bounds, state.buckets) {
            below += count
            text += "\(name.name)_bucket\(name.labelSet("le=\"\(bound)\"")) \(below)\n"
        }
        text += "\(name.name)_bucket\(name.labelSet("le=\"+Inf\"")) \(state.count)\n"
        text += "\(name.name)_sum\(name.labelSet()) \(state.value)\n"
        return text + "\(name.name)_count\(name.labelSet()) \(state.count)\n"
    }
}
