import Bus
import Contracts
import ServiceLifecycle

/// What turns use of the user's memories: those for the prompt, and the facts that are found in a finished turn.
struct TurnMemories: Sendable {
    /// The search, and what the settings permit.
    struct Options: Sendable {
        var search: MemorySearch
        var isRecalled: Bool
        var isExtracted: Bool
        var timeLimit = MemoryRecall.timeLimit
    }

    /// `nil` if memories are not added to prompts.
    var recall: MemoryRecall?
    /// `nil` if no facts are extracted.
    var extraction: MemoryExtraction?

    init(_ options: Options?, _ runs: BackgroundRuns) {
        guard let options else { return }
        if options.isRecalled { recall = MemoryRecall(search: options.search, timeLimit: options.timeLimit) }
        if options.isExtracted {
            extraction = MemoryExtraction(store: options.search.store, search: options.search, runs: runs)
        }
    }

    /// What runs in the background.
    var services: [any Service] { [extraction].compactMap(\.self) }

    /// Whether turns of a conversation use memories: not those that another program composes.
    static func apply(to recalled: RecalledConversation) -> Bool {
        !recalled.conversation.hasInstructions && recalled.persona.promptForm == .messages
    }

    /// Returns the memories for a turn's prompt; none if the model can recall them with a tool.
    func memories(for turn: LiveTurn, of user: String, tools: [String]) async -> [Memory.Excerpt] {
        guard let recall, !tools.contains(RecallMemoryTool.name) else { return [] }
        return await recall.memories(for: turn.liveRun.question.content.text, of: user, turn.context)
    }

    /// Maximum number of tokens that memories of a user add to a prompt.
    func tokenLimit(for user: String) -> Int {
        recall?.search.store.mayHaveMemories(user) == true ? MemoryPrompt.tokenLimit : 0
    }

    /// Queues a finished turn, unless its model can create memories with a tool.
    func didFinish(_ turn: LiveTurn, _ outcome: RunWriter.Outcome, of user: String, tools: [String]) {
        guard let extraction, outcome.isStored, !tools.contains(CreateMemoryTool.name),
            let answer = outcome.messages.last, answer.role == .assistant, answer.status == .completed,
            let model = turn.liveRun.model
        else { return }
        extraction.add(
            MemoryExtraction.FinishedTurn(
                user: user,
                conversation: turn.liveRun.run.conversation,
                question: turn.liveRun.question.id,
                message: turn.liveRun.question.content.text,
                answer: answer.content.text,
                model: model
            )
        )
    }
}
