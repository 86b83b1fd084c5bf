import Bus
import Contracts

/// Runs the tools that a model calls.
protocol ToolRunner: Sendable {
    /// Returns the declarations of the tools with these names that are available, as in ``Inference/Generate/tools``;
    /// `nil` if there are none.
    func declarations(of names: [String]) -> RawJSON?

    /// Runs a tool and returns its result.
    ///
    /// `allowed` are the names that ``declarations(of:)`` got. Called once for each stored call and never again, also not after a restart. The call must end soon after its task
    /// is cancelled or the context's deadline has passed. A `Fault` becomes the tool's result, which the model reads.
    func run(_ call: Inference.ToolCall, allowed: [String], _ use: ToolUse) async throws -> ToolResult
}

/// The result of a tool call, as the model reads it.
struct ToolResult: Sendable, Hashable {
    /// Maximum size of a result, in bytes.
    static let byteLimit = 1024 * 1024

    /// For a call that a process left without a result: its tool may have run.
    static let unknown = Self(text: "The result is unknown: the tool was interrupted and may have had an effect.")
    /// For a call whose tool was not run.
    static let notRun = Self(text: "The tool was not run: the answer was stopped.")

    var text: String
    /// Whether the text is the answer of the run, without another call of the model.
    var isAnswer = false

    init(text: String, isAnswer: Bool = false) {
        self.isAnswer = isAnswer
        self.text =
            text.utf8.count <= Self.byteLimit ? text : String(decoding: text.utf8.prefix(Self.byteLimit), as: UTF8.self)
    }

    /// Returns the step with the result of a call.
    func step(of call: Inference.ToolCall, for run: Run.ID, at moment: Timestamp) -> RunStep {
        // U+0000 cannot be stored.
        let text = text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
        var message = Message(
            id: Message.ID(at: moment),
            role: .tool,
            content: Message.Content(text: text),
            status: .completed,
            parent: nil,
            run: run,
            tokenCount: TokenEstimate.tokens(in: text),
            createdAt: moment
        )
        message.toolCallID = call.id
        message.name = call.function.name
        return RunStep(message: message)
    }
}
