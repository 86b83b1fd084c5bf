import Bus
import ServiceLifecycle

/// Creates the parts of the service that start, perform and recover turns.
struct TurnServices: Sendable {
    let conversations: LiveConversations
    let runs: LiveRuns
    let backgroundRuns: BackgroundRuns
    /// To be advanced when a persona is changed.
    let personaRevision = PersonaRevision()
    /// Drained before the server, so that runs can end.
    let tasks: RunTasks
    let background: [any Service]

    /// Wires the parts.
    ///
    /// `runsPerUser` is the maximum number of concurrent runs per user, 0 for unlimited, and `runLimit` the maximum
    /// duration of a run. `retryPause` follows the first failed attempt to store an end or to start a queued turn; it
    /// doubles.
    init(
        store: any RunStore,
        inference: any Bus,
        modelCache: ModelCache,
        accessCache: AccessCache,
        runsPerUser: Int,
        runLimit: Duration,
        toolRunner: (any ToolRunner)? = nil,
        memories: TurnMemories.Options? = nil,
        toolTasks: ToolTasks = ToolTasks(),
        transcripts: TranscriptMirror? = nil,
        budget: HistoryBudget = HistoryBudget(),
        retryPause: Duration = .seconds(1)
    ) {
        tasks = RunTasks()
        runs = LiveRuns(limit: runsPerUser) { accessCache.runLimit(of: $0) }
        let eventWriter = RunEventWriter(store: store)
        let unfinished = UnfinishedEnds(store: store, pause: retryPause)
        let runWriter = RunWriter(
            store: store,
            eventWriter: eventWriter,
            runs: runs,
            tasks: tasks,
            unfinished: unfinished
        )
        let resumptions = ResumptionQueue(pause: retryPause)
        let recovery = RunRecovery(store: store, resumptions: resumptions, runWriter: runWriter)
        let usage = TurnUsage(accessCache: accessCache, modelCache: modelCache)
        let generator = Generator(
            inference: inference,
            modelCache: modelCache,
            usage: usage,
            eventWriter: eventWriter,
            runWriter: runWriter,
            timeLimit: runLimit,
            toolRunner: toolRunner,
            toolTasks: toolTasks
        )
        backgroundRuns = BackgroundRuns(store: store, generator: generator, runs: runs)
        let turnMemories = TurnMemories(memories, backgroundRuns)
        let parts = LiveConversationParts(
            acceptance: TurnAcceptance(
                store: store,
                runs: runs,
                usage: usage,
                toolRunner: toolRunner
            ),
            generator: generator,
            tasks: tasks,
            runs: runs,
            resumptions: resumptions,
            budget: budget,
            memories: turnMemories,
            personaRevision: personaRevision,
            transcripts: transcripts
        )
        conversations = LiveConversations(parts: parts, recovery: recovery)
        background = [eventWriter, unfinished, recovery, conversations, backgroundRuns] + turnMemories.services
    }
}
