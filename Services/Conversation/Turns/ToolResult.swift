import Contracts

/// The result of a tool call, as the model reads it.
struct ToolResult: Sendable, Hashable {
    /// Maximum size of a result, in bytes; the model's window may limit it further.
    static let byteLimit = 1024 * 1024

    /// For a call of an unknown tool, or with invalid arguments.
    static let invalid = Self(
        text: "This function either does not exist, or the parameters provided were invalid."
    )
    /// For a call that a process left without a result: its tool may have run.
    static let unknown = Self(text: "The result is unknown: the tool was interrupted and may have had an effect.")
    /// For a call whose tool was running when the user stopped the answer.
    static let stopped = Self(text: "The result is unknown: the tool was stopped and may have had an effect.")
    /// For a call whose tool did not end in time.
    static let timedOut = Self(
        text: "The result is unknown: the tool did not end within its time limit and may have had an effect."
    )
    /// For a call whose tool was not run.
    static let notRun = Self(text: "The tool was not run: the answer ended before.")

    /// The text; never empty, and without control characters.
    private(set) var text: String
    /// Whether the text is the answer of the run, without another call of the model.
    var isAnswer = false

    init(text: String, isAnswer: Bool = false) {
        self.isAnswer = isAnswer
        let printable = ToolText.shortened(ToolText.printable(text), to: Self.byteLimit)
        // Some providers reject an empty result.
        self.text = printable.isEmpty ? "The tool returned nothing." : printable
    }

    /// Returns the result with a text of at most `bytes` bytes.
    func shortened(to bytes: Int) -> Self {
        var result = self
        result.text = ToolText.shortened(text, to: bytes)
        return result
    }

    /// Returns the step with the result of a call.
    func step(of call: Inference.ToolCall, for run: Run.ID, at moment: Timestamp) -> RunStep {
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
