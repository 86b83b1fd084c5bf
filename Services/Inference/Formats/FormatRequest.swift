/// How a provider is asked for the format of an answer.
struct FormatRequest: Sendable, Equatable {
    /// The format that the provider's API is asked for.
    var format = ResponseFormat.text
    /// The instruction for the model, if the API is not asked.
    var instruction: String?
}

extension ToolPlan {
    /// How to ask for the format of the answer.
    ///
    /// Many providers and models cannot call a tool while their output is limited to JSON. If a tool may be called, they
    /// are only told about the format. If one must be called, the answer has no text that could have a format.
    ///
    /// `withTools` says whether the provider supports a format together with tools.
    func formatRequest(withTools: Bool) -> FormatRequest {
        guard mayCallTools, !withTools else { return FormatRequest(format: format) }
        return choice.requiresCall ? FormatRequest() : FormatRequest(instruction: format.instruction)
    }
}
