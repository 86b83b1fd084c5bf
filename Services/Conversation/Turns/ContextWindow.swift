import Contracts

/// Cuts a conversation to what a model can be shown: oldest first, and it says what was left out.
///
/// Pure.
struct ContextWindow: Sendable {
    /// The model's window, in tokens.
    let size: Int

    /// What is kept free for the answer, in tokens.
    var reserve: Int { min(1024, size / 4) }

    /// Keeps the newest messages that fit beside the system text, and always the last one.
    ///
    /// `history`: tokens of each message, oldest first; the last is the one to be answered.
    ///
    /// `olderCount`: how many messages there are before `history`.
    ///
    /// Returns how many of the newest messages to use, and the report.
    func fit(
        system: Int,
        history: some BidirectionalCollection<Int>,
        olderCount: Int
    ) -> (used: Int, report: Run.ContextReport) {
        var tokens = system
        var used = 0
        for message in history.reversed() {
            guard used == 0 || tokens + message + reserve <= size else { break }
            tokens += message
            used += 1
        }
        let report = Run.ContextReport(
            messagesUsed: used,
            messagesLeftOut: olderCount + history.count - used,
            tokensEstimated: tokens,
            window: size
        )
        return (used, report)
    }
}
