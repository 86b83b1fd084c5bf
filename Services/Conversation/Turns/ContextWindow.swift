import Contracts

/// Cuts a conversation to what a model can be shown: oldest first, and it says what was left out.
///
/// Pure.
struct ContextWindow: Sendable {
    /// The model's window, in tokens.
    let size: Int

    /// What is kept free for the answer, in tokens.
    var reserve: Int { min(1024, size / 4) }

    /// How many tokens a text takes, estimated on the high side: a window that overflows is cut by others, silently.
    static func estimateTokens(_ text: String) -> Int {
        text.utf8.count / 3 + 4
    }

    /// How many tokens the calls of tools in a message take.
    static func estimateTokens(of calls: [Inference.ToolCall]?) -> Int {
        (calls ?? []).reduce(0) { $0 + estimateTokens($1.function.name + $1.function.arguments) }
    }

    /// Keeps the newest messages that fit beside the system text, and always the last one.
    ///
    /// `history`: tokens of each message, oldest first; the last is the one to be answered.
    ///
    /// `earlier`: how many messages there are before `history`.
    ///
    /// Returns how many of the newest messages to use, and the report.
    func cut(
        system: Int,
        history: some BidirectionalCollection<Int>,
        earlier: Int
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
            messagesLeftOut: earlier + history.count - used,
            tokensEstimated: tokens,
            window: size
        )
        return (used, report)
    }
}
