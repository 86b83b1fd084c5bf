import Contracts

/// Selects the newest messages of a conversation that fit into a model's context window, and reports what was left out.
///
/// Pure function.
struct ContextWindow: Sendable {
    /// Size of the model's context window, in tokens.
    let size: Int

    /// Number of tokens reserved for the answer.
    var reserve: Int { min(1024, size / 4) }

    /// Selects the newest messages that fit beside the system prompt, always including the last one.
    ///
    /// - Parameters:
    ///   - system: size of the system prompt, in tokens.
    ///   - history: size of each message, in tokens, oldest first; the last message is the one to answer.
    ///   - olderCount: number of messages before `history`.
    /// - Returns: the number of newest messages to use, and the report.
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
