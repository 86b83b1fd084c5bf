import Bus
import Contracts

/// A function that a model can call during a run.
///
/// To add one, write a conformer in this folder and add it to the registry in ``ConversationService``.
protocol Tool: Sendable {
    /// The name, the aliases and the parameters, as models see them.
    var declaration: ToolDeclaration { get }
    /// Maximum duration of a run, after which the tool is cancelled (default: 30 seconds).
    var timeLimit: Duration { get }
    /// The setting that switches the tool on; `nil` for a tool that needs none.
    var setting: String? { get }

    /// Runs the tool once for a stored call; `arguments` match the declaration.
    ///
    /// Must end soon after its task is cancelled or the deadline of `use.call` has passed. A `Fault` becomes the result
    /// that the model reads.
    func run(_ arguments: ToolArguments, _ use: ToolUse) async throws -> ToolResult

    /// Sends a request to the server that the tool uses, if there is one; throws a `Fault` if it does not work.
    func check(_ context: CallContext) async throws
}

extension Tool {
    var timeLimit: Duration { .seconds(30) }
    var setting: String? { nil }
    func check(_ context: CallContext) async throws {}
}

/// For whom and where a tool runs.
struct ToolUse: Sendable {
    /// The user of the conversation; a tool reads and changes nothing of another user.
    var user: String
    var conversation: Conversation.ID
    var run: Run.ID
    /// The user's message that the run answers.
    var question: Message.ID
    /// The context of calls to other services.
    var call: CallContext
}
