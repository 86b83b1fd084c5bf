import HTTPTypes
import Hummingbird

/// The header `Server-Timing`: where the time of an answer went, in milliseconds.
enum ServerTiming {
    static func prepend(_ name: String, _ duration: Duration, to headers: inout HTTPFields) {
        let entry = "\(name);dur=\(text(milliseconds(duration)))"
        headers[.serverTiming] = headers[.serverTiming].map { "\(entry), \($0)" } ?? entry
    }

    static func append(_ name: String, _ duration: Duration, to headers: inout HTTPFields) {
        append(name, milliseconds: milliseconds(duration), to: &headers)
    }

    static func append(_ name: String, milliseconds: Double, to headers: inout HTTPFields) {
        let entry = "\(name);dur=\(text(milliseconds))"
        headers[.serverTiming] = headers[.serverTiming].map { "\($0), \(entry)" } ?? entry
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
    }

    /// Two decimals, without a formatter.
    private static func text(_ milliseconds: Double) -> String {
        guard milliseconds.isFinite, milliseconds >= 0, milliseconds < 1e9 else { return "0" }
        let hundredths = Int((milliseconds * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
