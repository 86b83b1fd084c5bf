import Bus

extension LiveConversation {
    /// The parts of the service that a live conversation uses.
    struct Dependencies: Sendable {
        var database: Database
        var inference: any Bus
        var modelCache: ModelCache
        /// Maximum duration of a generation.
        var runLimit: Duration
        var eventWriter: RunEventWriter
        var runWriter: RunWriter
        var tasks: RunTasks
        var runs: LiveRuns
        var accessCache: AccessCache
    }
}
