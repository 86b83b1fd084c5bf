import TestSupport

/// Whose words a fake server uses.
enum Dialect: String, CaseIterable {
    case ollama
    case openai
    case gemini

    /// A refusal as such a server says it.
    func refuse(_ refusal: Manner.Refusal) -> FakeResponse {
        switch self {
        case .ollama: .error(refusal.status, refusal.message, headers: refusal.headers ?? [])
        case .gemini:
            .geminiError(
                refusal.status,
                refusal.code ?? "INTERNAL",
                refusal.message,
                details: refusal.details,
                headers: refusal.headers ?? []
            )
        case .openai:
            .openAIError(
                refusal.status,
                refusal.message,
                type: refusal.type ?? "invalid_request_error",
                param: refusal.param,
                code: refusal.code,
                headers: refusal.headers ?? []
            )
        }
    }

    /// A stream that begins and then says what went wrong.
    func complain(_ message: String) -> FakeResponse {
        switch self {
        case .ollama:
            .chat(lines: FakeResponse.chatLines(["The", " fake"], nil) + ["{\"error\":\(message.inJSON)}"])
        case .gemini:
            // As Google does it: several lines, and no event.
            .gemini(
                body: FakeResponse.geminiChunks(["The", " fake"], finishReason: nil).map { "data: \($0)\r\n\r\n" }
                    + [FakeResponse.geminiErrorText(503, "UNAVAILABLE", message)],
                type: "text/event-stream"
            )
        case .openai:
            .openAIStream(
                OpenAIChunks(model: "gpt-4o-mini-2024-07-18", includesUsage: false).text(beginning)
                    + [FakeResponse.openAIErrorBody(message, type: "server_error")],
                isDone: false
            )
        }
    }

    private var beginning: FakeModelTurn.Reply {
        var reply = FakeModelTurn.Reply(promptTokens: 1)
        reply.pieces = ["The", " fake"]
        return reply
    }
}
