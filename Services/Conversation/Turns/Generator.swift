import Bus

/// The parts of the service that generate answers.
struct Generator: Sendable {
    let inference: any Bus
    let modelCache: ModelCache
    let usage: TurnUsage
    let eventWriter: RunEventWriter
    let runWriter: RunWriter
    /// Maximum duration of a run.
    let timeLimit: Duration
    /// Runs the tools that a model calls; without it, no tool is run.
    var toolRunner: (any ToolRunner)?
    /// The tools that are running.
    var toolTasks = ToolTasks()
}
