import Contracts

/// A started run that an earlier process did not finish.
struct InterruptedRun: Sendable {
    var run: Run
    var question: Message?
    /// The stored steps.
    var steps: [Message]
    /// The stored events after the one that shows the last stored step, in order.
    var events: [Run.Event]
    /// Number of the last stored event, which may be the one that shows the last stored step.
    var lastEvent: Int
    /// Estimated size of each message that led to the run, in tokens, oldest first; empty if no event was stored.
    var promptTokens: [Int]
}
