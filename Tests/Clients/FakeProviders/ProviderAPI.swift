import TestSupport

/// The API that a fake server implements.
enum ProviderAPI: String, CaseIterable {
    case ollama
    case openai
    case gemini
    case anthropic

    /// An error response in the format of the API.
    func errorAnswer(_ error: ResponseOverride.ErrorResponse) -> FakeResponse {
        switch self {
        case .ollama: .error(error.status, error.message, headers: error.headers ?? [])
        case .gemini:
            .geminiError(
                error.status,
                error.code ?? "INTERNAL",
                error.message,
                details: error.details,
                headers: error.headers ?? []
            )
        case .anthropic:
            .anthropicError(
                error.status,
                error.type ?? "api_error",
                error.message,
                headers: error.headers ?? []
            )
        case .openai:
            .openAIError(
                error.status,
                error.message,
                type: error.type ?? "invalid_request_error",
                param: error.param,
                code: error.code,
                headers: error.headers ?? []
            )
        }
    }

    /// A stream that ends with an error after its first tokens.
    func streamWithError(_ message: String) -> FakeResponse {
        switch self {
        case .ollama:
            .chat(lines: FakeResponse.chatLines(["The", " fake"], nil) + ["{\"error\":\(message.inJSON)}"])
        case .gemini:
            // Google sends the error as several lines, not as an event.
            .gemini(
                body: FakeResponse.geminiChunks(["The", " fake"], finishReason: nil).map { "data: \($0)\r\n\r\n" }
                    + [FakeResponse.geminiErrorText(503, "UNAVAILABLE", message)],
                type: "text/event-stream"
            )
        case .anthropic:
            .anthropicStream([
                .start(), .blockStart(0, #"{"type":"text","text":""}"#), .textDelta(0, "The"), .textDelta(0, " fake"),
                .error("overloaded_error", message),
            ])
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
