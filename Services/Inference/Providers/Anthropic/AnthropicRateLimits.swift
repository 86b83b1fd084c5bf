import Foundation
import NIOHTTP1

/// The limits that a response reports: `anthropic-ratelimit-requests-remaining`, `…-reset`, and so on.
struct AnthropicRateLimits: Equatable {
    private static let kinds = ["requests", "tokens", "input-tokens", "output-tokens"]

    /// The times at which the exhausted limits are reset.
    private let resets: [Date]

    init(_ headers: HTTPHeaders) {
        resets = Self.kinds.compactMap { kind in
            guard headers.first(name: "anthropic-ratelimit-\(kind)-remaining").flatMap({ Int($0) }) == 0 else {
                return nil
            }
            return headers.first(name: "anthropic-ratelimit-\(kind)-reset").flatMap(Self.date)
        }
    }

    /// The time until no limit is exhausted; `nil` if none is, or for more than a day.
    func delay(now: Date) -> Duration? {
        guard let last = resets.max() else { return nil }
        let seconds = max(0, last.timeIntervalSince(now))
        return seconds <= 86_400 ? .seconds(seconds) : nil
    }

    private static func date(_ text: String) -> Date? {
        let formatter = ISO8601DateFormatter()
        if let date = formatter.date(from: text) { return date }
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.date(from: text)
    }
}
