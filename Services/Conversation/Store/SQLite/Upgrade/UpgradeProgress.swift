import Logging

/// Logs how much of an upgrade is done.
struct UpgradeProgress {
    private static let interval = Duration.seconds(5)
    private static let step = 5

    /// Number of rows to copy.
    let total: Int
    private var rows = 0
    private var loggedPercent = 0
    private var lastLog = ContinuousClock.now

    init(total: Int) {
        self.total = total
    }

    private var percent: Int { min(100, rows * 100 / max(1, total)) }

    /// Counts copied rows, and logs after 5 s or 5 %.
    mutating func add(_ count: Int) {
        rows += count
        guard percent >= loggedPercent + Self.step || ContinuousClock.now - lastLog > Self.interval else { return }
        loggedPercent = percent
        lastLog = .now
        Logger.current.notice(
            "Upgrading the conversations",
            metadata: ["rows": "\(rows)", "rows.total": "\(total)", "percent": "\(percent)"]
        )
    }
}
