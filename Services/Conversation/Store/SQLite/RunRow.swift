import Contracts

/// A row of `runs`.
struct RunRow {
    var number: Int64
    var run: Run
    /// Number and user of its conversation.
    var conversation: Int64
    var user: String
    /// Whether the conversation was deleted.
    var isDeleted: Bool
    /// The selected path of its conversation.
    var selectedPath: Int64
    /// Whether its conversation has several paths.
    var hasBranches: Bool
    /// Number of its question; `nil` for a run without one.
    var message: Int64?
    /// Position and status of its question.
    var position: Int?
    var questionStatus: Run.Status?
    /// The path on which its messages are stored.
    var path: Int64?
    /// The path that was selected before a regeneration.
    var replaces: Int64?
    var owner: Int64
    var options: Run.Options?
    var apiKey: APIKey.ID?
    /// Number of its last stored step.
    var step: Int64?
    /// Number of the event that shows it; 1 if there is none.
    var stepEvent: Int
    /// Number of its answer.
    var answer: Int64?
    /// The end of the run, without the answer.
    var end: Run.End?
}
