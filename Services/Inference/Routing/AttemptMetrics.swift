import Contracts
import Metrics

/// Counts failed attempts.
enum AttemptMetrics {
    static func record(_ attempt: Attempt, label: String) {
        Counter(
            label: "inference_attempts",
            dimensions: [
                ("model", label), ("outcome", attempt.outcome.rawValue), ("code", attempt.code?.rawValue ?? "none"),
                ("cause", attempt.cause ?? "none"),
            ]
        ).increment()
    }
}
