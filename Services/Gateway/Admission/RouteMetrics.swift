import Metrics
import Synchronization

/// Counts the responses of a route by status and measures their time.
final class RouteMetrics: Sendable {
    private typealias Series = (status: Int, counter: Counter, timer: Metrics.Timer)

    let surface: String
    let route: String
    /// A route has few statuses; they are searched in order.
    private let series = Mutex<[Series]>([])

    /// The route is called by its template, so that ids in paths make no series of their own.
    init(surface: String, route: String) {
        self.surface = surface
        self.route = route
    }

    func record(_ status: Int, _ duration: Duration) {
        let (_, counter, timer) = series.withLock { series in
            if let known = series.first(where: { $0.status == status }) { return known }
            let dimensions = [("surface", surface), ("route", route), ("status", "\(status)")]
            let new = (
                status: status,
                counter: Counter(label: "gateway.requests", dimensions: dimensions),
                timer: Metrics.Timer(label: "gateway.request.duration", dimensions: dimensions)
            )
            series.append(new)
            return new
        }
        counter.increment()
        timer.record(duration: duration)
    }
}
