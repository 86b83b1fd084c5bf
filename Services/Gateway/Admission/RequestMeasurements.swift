import Metrics
import Synchronization

/// Counts requests by route and status and measures how long they take.
final class RequestMeasurements: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }

    private let counters = Mutex<[Key: (counter: Counter, timer: Metrics.Timer)]>([:])

    /// Counts an answer under its route's pattern, so that ids make no series of their own; none for unknown paths.
    func record(_ route: String?, _ status: Int, _ duration: Duration) {
        let key = Key(route: route ?? "none", status: status)
        let (counter, timer) = counters.withLock { counters in
            if let known = counters[key] { return known }
            let dimensions = [("route", key.route), ("status", "\(status)")]
            let made = (
                counter: Counter(label: "gateway.requests", dimensions: dimensions),
                timer: Metrics.Timer(label: "gateway.request.duration", dimensions: dimensions)
            )
            counters[key] = made
            return made
        }
        counter.increment()
        timer.record(duration: duration)
    }
}
