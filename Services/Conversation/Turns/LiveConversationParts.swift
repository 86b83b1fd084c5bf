/// The parts of the service for the turns of a conversation: acceptance, generation, and the owners of what runs.
struct LiveConversationParts: Sendable {
    let acceptance: TurnAcceptance
    let generator: Generator
    let tasks: RunTasks
    let runs: LiveRuns
    let resumptions: ResumptionQueue
    let budget: HistoryBudget
    let memories: TurnMemories
    let personaRevision: PersonaRevision
    let transcripts: TranscriptMirror?
}
