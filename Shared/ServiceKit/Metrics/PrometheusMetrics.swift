package import CoreMetrics
import Synchronization

/// Keeps the metrics of the process and writes them as Prometheus reads them (text format 0.0.4).
package final class PrometheusMetrics: MetricsFactory {
    /// The metrics of this process.
    package static let shared = PrometheusMetrics()
    /// The most series that are kept; more are dropped, so that a label never grows memory without end.
    private static let seriesLimit = 2000

    private let series = Mutex<[MetricSeriesName: MetricSeries]>([:])

    /// Begins with no metrics.
    package init() {}

    /// A number that only grows.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        find(label, dimensions, kind: .counter)
    }

    /// A number with a fraction that only grows.
    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        find(label, dimensions, kind: .counter)
    }

    /// How often which values were seen; only the last of them when they are not to be aggregated.
    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        find(label, dimensions, kind: aggregate ? .histogram(scale: 1) : .gauge)
    }

    /// A number that goes up and down.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        find(label, dimensions, kind: .gauge)
    }

    /// A time, told in seconds.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        find(label + "_seconds", dimensions, kind: .histogram(scale: 1e-9))
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    /// All series, sorted by name.
    package func render() -> String {
        let sorted = series.withLock { $0 }.sorted { $0.key < $1.key }
        var text = ""
        var last = ""
        for (name, series) in sorted {
            if name.name != last { text += "# TYPE \(name.name) \(series.kind.word)\n" }
            last = name.name
            text += series.render(name)
        }
        return text
    }

    private func find(_ label: String, _ dimensions: [(String, String)], kind: MetricSeries.Kind) -> MetricSeries {
        let name = MetricSeriesName(label: label, dimensions: dimensions)
        return series.withLock { all in
            if let series = all[name] { return series }
            let made = MetricSeries(kind: kind)
            if all.count < Self.seriesLimit { all[name] = made }
            return made
        }
    }
}
