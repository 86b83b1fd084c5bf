import Foundation
import NIOHTTP1

/// Reads the pause that a provider asks for, in all formats.
enum RetryDelay {
    /// Longer pauses are ignored.
    static let limit = Duration.seconds(86_400)

    /// Reads `retry-after-ms`, or `retry-after` in seconds or as a date.
    ///
    /// Invalid and negative values, and those longer than a day, are ignored.
    static func read(_ headers: HTTPHeaders, now: Date = Date()) -> Duration? {
        if let text = headers.first(name: "retry-after-ms"), let milliseconds = number(text.trimmed) {
            return duration(milliseconds / 1000)
        }
        guard let text = headers.first(name: "retry-after")?.trimmed else { return nil }
        if let seconds = number(text) { return duration(seconds) }
        return date(text).flatMap { duration(max(0, $0.timeIntervalSince(now))) }
    }

    /// Reads a duration in the JSON format of Protocol Buffers, such as `7s` or `0.5s`.
    static func read(protobuf text: String) -> Duration? {
        guard text.hasSuffix("s"), let seconds = number(text.dropLast()) else { return nil }
        return duration(seconds)
    }

    /// Reads a decimal number without sign and exponent.
    private static func number(_ text: some StringProtocol) -> Double? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }) else { return nil }
        return Double(text)
    }

    private static func duration(_ seconds: Double) -> Duration? {
        guard seconds.isFinite, seconds >= 0, seconds <= 86_400 else { return nil }
        return .seconds(seconds)
    }

    /// The three forms of RFC 9110, section 5.6.7.
    private static func date(_ text: String) -> Date? {
        for format in ["EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy"] {
            let formatter = DateFormatter()
            formatter.locale = Locale(identifier: "en_US_POSIX")
            formatter.timeZone = TimeZone(secondsFromGMT: 0)
            formatter.dateFormat = format
            if let date = formatter.date(from: text) { return date }
        }
        return nil
    }
}

extension String {
    /// The text without surrounding white space.
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
