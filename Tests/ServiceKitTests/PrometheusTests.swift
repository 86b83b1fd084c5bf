import CoreMetrics
import ServiceKit
import Testing

@Suite struct PrometheusTests {
    private let metrics = PrometheusMetrics()

    @Test func `counters and gauges with one name share a TYPE line`() {
        metrics.makeCounter(label: "turns", dimensions: [("model", "a")]).increment(by: 2)
        metrics.makeCounter(label: "turns", dimensions: [("model", "b")]).increment(by: 1)
        metrics.makeCounter(label: "turns", dimensions: [("model", "a")]).increment(by: 3)
        let meter = metrics.makeMeter(label: "queue.length", dimensions: [])
        meter.set(Int64(4))
        meter.increment(by: 2)
        meter.decrement(by: 1)
        #expect(
            metrics.render() == """
                # TYPE queue_length gauge
                queue_length 5.0
                # TYPE turns counter
                turns{model="a"} 5.0
                turns{model="b"} 1.0

                """
        )
    }

    @Test func `a destroyed series is no longer exported`() {
        let counter = metrics.makeCounter(label: "turns", dimensions: [("model", "a")])
        counter.increment(by: 1)
        let timer = metrics.makeTimer(label: "turn", dimensions: [])
        timer.recordNanoseconds(1)
        metrics.destroyCounter(counter)
        metrics.destroyTimer(timer)
        #expect(metrics.render().isEmpty)
        metrics.makeCounter(label: "turns", dimensions: [("model", "a")]).increment(by: 2)
        #expect(metrics.render().contains("turns{model=\"a\"} 2.0"))
    }

    @Test func `a timer is a histogram in seconds with cumulative buckets`() throws {
        let timer = metrics.makeTimer(label: "turn", dimensions: [("kind", "x")])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(2_000_000_000)
        timer.recordNanoseconds(3_600_000_000_000)
        let lines = metrics.render().split(separator: "\n").map(String.init)
        #expect(lines.first == "# TYPE turn_seconds histogram")
        #expect(lines.contains("turn_seconds_bucket{kind=\"x\",le=\"0.001\"} 0"))
        #expect(lines.contains("turn_seconds_bucket{kind=\"x\",le=\"0.0025\"} 1"))
        #expect(lines.contains("turn_seconds_bucket{kind=\"x\",le=\"2.5\"} 2"))
        #expect(lines.contains("turn_seconds_bucket{kind=\"x\",le=\"+Inf\"} 3"))
        #expect(lines.contains("turn_seconds_sum{kind=\"x\"} 3602.002"))
        #expect(lines.last == "turn_seconds_count{kind=\"x\"} 3")
    }

    @Test(arguments: [
        ("ordinary", "ordinary"), ("a\nb 1", "a\\nb 1"), ("a\"} 9\n# x", "a\\\"} 9\\n# x"), ("a\\n", "a\\\\n"),
        ("a\r\nb", "a\r\\nb"), ("a\u{301}\"\u{301}", "a\u{301}\\\"\u{301}"),
    ])
    func `a label value cannot end its line`(value: String, escaped: String) {
        metrics.makeCounter(label: "turns", dimensions: [("who", value)]).increment(by: 1)
        #expect(metrics.render() == "# TYPE turns counter\nturns{who=\"\(escaped)\"} 1.0\n")
    }

    @Test func `names contain only letters, digits, underscores and colons`() {
        metrics.makeCounter(label: "1st näme\n{}", dimensions: [("the key", "v")]).increment(by: 1)
        #expect(metrics.render().hasSuffix("\n_1st_n_me___{the_key=\"v\"} 1.0\n"))
    }

    @Test func `the number of series is limited`() {
        for number in 0..<5000 {
            metrics.makeCounter(label: "turns", dimensions: [("user", "\(number)")]).increment(by: 1)
        }
        #expect(metrics.render().split(separator: "\n").count == 2001)
    }

    @Test func `a NaN or an infinity is ignored`() {
        let recorder = metrics.makeRecorder(label: "size", dimensions: [], aggregate: true)
        recorder.record(Double.nan)
        recorder.record(Double.infinity)
        recorder.record(2.0)
        #expect(metrics.render().hasSuffix("size_sum 2.0\nsize_count 1\n"))
    }
}
