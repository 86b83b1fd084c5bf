import Contracts

/// Formats times as seed 001 does: precisely in the answers to `POST`, and as its database returned them in lists.
///
/// As in pydantic, a fraction of zero is omitted.
enum ChatAITimestamp {
    /// With microseconds and `Z`: `2023-12-04T17:28:52.678004Z`.
    static func precise(_ time: Timestamp) -> String {
        text(time) + "Z"
    }

    /// Truncated to milliseconds, without a time zone: `2023-12-04T17:28:52.678000`.
    static func stored(_ time: Timestamp) -> String {
        let remainder = time.microseconds % 1000
        let excess = remainder < 0 ? remainder + 1000 : remainder
        return text(Timestamp(microseconds: time.microseconds - excess))
    }

    private static func text(_ time: Timestamp) -> String {
        let text = V1Timestamp.text(time).dropLast()
        let none = ".000000"
        return String(text.hasSuffix(none) ? text.dropLast(none.count) : text)
    }
}
