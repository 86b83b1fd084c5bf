package import CoreMetrics
import Synchronization

/// The metrics of the process, exported in Prometheus's text format 0.0.4.
package final class PrometheusMetrics: MetricsFactory {
    /// The metrics of this process.
    package static let shared = PrometheusMetrics()
    /// Maximum number of series; further ones are not exported, so that labels cannot exhaust the memory.
    private static let seriesLimit = 2000

    private let allSeries = Mutex<[MetricSeriesName: MetricSeries]>([:])

    package init() {}

    /// Returns a counter.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: .counter)
    }

    /// Returns a counter of floating-point amounts.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, kind: .counter)
    }

    /// Returns a histogram, or a gauge if `aggregate` is false.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        series(label, dimensions, kind: aggregate ? .histogram(scale: 1) : .gauge)
    }

    /// Returns a gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, kind: .gauge)
    }

    /// Returns a histogram of durations, exported in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label + "_seconds", dimensions, kind: .histogram(scale: 1e-9))
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    /// Returns all series, sorted by name.
    package func render() -> String {
        let sorted = allSeries.withLock { $0 }.sorted { $0.key < $1.key }
        var text = ""
        var last = ""
        for (name, series) in sorted {
            if name.name != last { text += "# TYPE \(name.name) \(series.kind.word)\n" }
            last = name.name
            text += series.render(name)
        }
        return text
    }

    private func remove(_ handler: AnyObject) {
        let id = ObjectIdentifier(handler)
        allSeries.withLock { all in
            guard let name = all.first(where: { ObjectIdentifier($0.value) == id })?.key else { return }
            all[name] = nil
        }
    }

    private func series(_ label: String, _ dimensions: [(String, String)], kind: MetricSeries.Kind) -> MetricSeries {
        let name = MetricSeriesName(label: label, dimensions: dimensions)
        return allSeries.withLock { all in
            if let series = all[name] { return series }
            let made = MetricSeries(kind: kind)
            if all.count < Self.seriesLimit { all[name] = made }
            return made
        }
    }
}
