import Contracts

/// A finished run with everything that its events showed.
struct FinishedRun: Sendable {
    var run: Run
    /// The question as the first event shows it; `nil` for a run without a question.
    var question: Message?
    /// The steps before the answer.
    var steps: [RunStep]
    var answer: RunStep?
    /// The end without the answer.
    var end: Run.End
}
