import Contracts

/// Selects the newest messages of a conversation that fit into a model's context window, and reports what was left out.
///
/// Pure function.
struct ContextWindow: Sendable {
    /// Size of the model's context window, in tokens.
    let size: Int

    /// Number of tokens reserved for the answer.
    var reserve: Int { min(1024, size / 4) }

    /// The messages that are sent.
    struct Selection: Sendable, Equatable {
        /// Number of newest messages.
        var newest: Int
        /// Whether the question is sent before them although steps after it are left out.
        var hasSeparateQuestion = false
    }

    /// Selects the messages that fit beside the system prompt: always the question and the newest message, then the
    /// newest steps that answer the question, then the newest messages before it.
    ///
    /// - Parameters:
    ///   - system: size of the system prompt, in tokens.
    ///   - history: size of each message, in tokens, oldest first; the last `turn` messages are the question and the
    ///     steps after it.
    ///   - turn: number of messages of the current turn, at least 1.
    ///   - olderCount: number of messages before `history`.
    /// - Returns: the messages to send, and the report.
    func fit(
        system: Int,
        history: some BidirectionalCollection<Int>,
        turn: Int = 1,
        olderCount: Int
    ) -> (selection: Selection, report: Run.ContextReport) {
        let steps = max(0, min(turn, history.count) - 1)
        let question = steps > 0 ? history.dropLast(steps).last ?? 0 : 0
        var tokens = system + question
        var used = 0
        for message in history.reversed() {
            // The question is counted.
            let more = used == steps && steps > 0 ? 0 : message
            guard used == 0 || tokens + more + reserve <= size else { break }
            tokens += more
            used += 1
        }
        let selection = Selection(newest: used, hasSeparateQuestion: used < steps + 1 && steps > 0)
        let count = used + (selection.hasSeparateQuestion ? 1 : 0)
        let report = Run.ContextReport(
            messagesUsed: count,
            messagesLeftOut: olderCount + history.count - count,
            tokensEstimated: tokens,
            window: size
        )
        return (selection, report)
    }
}
