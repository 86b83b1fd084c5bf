import NIOHTTP1

/// Writes the header `Server-Timing`: where the time of a response went, in milliseconds.
enum ServerTiming {
    static func entry(_ name: StaticString, _ duration: Duration) -> String {
        entry(name, milliseconds: milliseconds(duration))
    }

    /// The entries of a turn.
    static func entries(queue: Double, upstream: Double) -> String {
        entry("queue", milliseconds: queue) + ", " + entry("upstream", milliseconds: upstream)
    }

    /// Writes the time of authentication before the response's own entries, or before a default for them.
    static func begin(_ headers: inout HTTPHeaders, authentication: Duration, upstream: Duration) {
        let rest = headers[.serverTiming] ?? entries(queue: 0, upstream: milliseconds(upstream))
        headers[.serverTiming] = entry("auth", authentication) + ", " + rest
    }

    static func end(_ headers: inout HTTPHeaders, total: Duration) {
        let entry = entry("total", total)
        headers[.serverTiming] = headers[.serverTiming].map { $0 + ", " + entry } ?? entry
    }

    private static func entry(_ name: StaticString, milliseconds: Double) -> String {
        var text = name.description
        text.reserveCapacity(32)
        text += ";dur="
        append(milliseconds, to: &text)
        return text
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
    }

    /// Two decimals, without a formatter.
    private static func append(_ milliseconds: Double, to text: inout String) {
        guard milliseconds.isFinite, milliseconds >= 0, milliseconds < 1e9 else {
            text += "0"
            return
        }
        let hundredths = Int((milliseconds * 100).rounded())
        text += String(hundredths / 100)
        text += hundredths % 100 < 10 ? ".0" : "."
        text += String(hundredths % 100)
    }
}
