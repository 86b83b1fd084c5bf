import Contracts

/// The end of a run to be stored.
struct FinishRun: Sendable {
    let run: Run.ID
    /// The end without the answer.
    let end: Run.End
    /// The last step, if it has text or the model finished.
    let answer: RunStep?
    /// Number of the last event, which shows the end.
    let lastEvent: Int
    let moment: Timestamp
    /// The queued run of the same conversation that starts with this commit.
    var next: Run.ID?

    /// The result of the write.
    enum Outcome: Sendable {
        /// The end is stored; `answer` has its parent and branch.
        case finished(answer: Message?)
        /// Another process owns the run, or the conversation was deleted; nothing was written.
        case notOwner
    }
}
