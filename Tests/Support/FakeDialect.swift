/// The three dialects that providers speak, and how each says the same things.
package enum FakeDialect: String, CaseIterable, Sendable {
    case ollama = "Ollama"
    case openAI = "OpenAI"
    case gemini = "Gemini"

    /// What the provider is called in sentences.
    package var provider: String { self == .openAI ? "openai" : rawValue }

    /// The model that is asked for.
    package var model: String {
        switch self {
        case .ollama: "ollama/llama3.2"
        case .openAI: "openai/gpt-4o-mini"
        case .gemini: "gemini/gemini-2.5-flash"
        }
    }

    /// Where a generation is asked for.
    package var path: String {
        switch self {
        case .ollama: "/api/chat"
        case .openAI: "/v1/chat/completions"
        case .gemini: "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
        }
    }

    package func withServer(_ body: (FakeServer) async throws -> Void) async throws {
        switch self {
        case .ollama: try await withFakeOllama(body)
        case .openAI: try await withFakeOpenAI(body)
        case .gemini: try await withFakeGemini(body)
        }
    }

    /// A stream of these frames, properly ended.
    package func stream(_ frames: String...) -> FakeResponse { stream(frames) }

    /// A stream of these frames, properly ended.
    package func stream(_ frames: [String]) -> FakeResponse {
        switch self {
        case .ollama: .chat(lines: frames)
        case .openAI: .openAIStream(frames, isDone: false)
        case .gemini: .gemini(chunks: frames)
        }
    }

    /// A frame with a piece of the answer.
    package func text(_ text: String) -> String {
        switch self {
        case .ollama: FakeResponse.chatLines([text], nil)[0]
        case .openAI: "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\(text.inJSON)},\"finish_reason\":null}]}"
        case .gemini:
            "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\(text.inJSON)}],\"role\":\"model\"},\"index\":0}]}"
        }
    }

    /// The frame that says that the answer is done.
    package var last: String {
        switch self {
        case .ollama: FakeResponse.chatLines([])[0]
        case .openAI: #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
        case .gemini: #"{"candidates":[{"finishReason":"STOP","index":0}]}"#
        }
    }

    /// The frame that says that the answer was withheld; Ollama has none.
    package var withheld: String {
        switch self {
        case .ollama: last
        case .openAI: #"{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#
        case .gemini: FakeResponse.geminiChunk(parts: [], finishReason: "SAFETY")
        }
    }

    /// An error within the stream.
    package func failure(_ words: String) -> String {
        switch self {
        case .ollama: "{\"error\":\"\(words)\"}"
        case .openAI: FakeResponse.openAIErrorBody(words, type: "server_error")
        case .gemini: "{\"error\":{\"code\":500,\"message\":\"\(words)\",\"status\":\"INTERNAL\"}}"
        }
    }

    /// An error with a status.
    package func error(_ status: Int, _ words: String = "It says so.", headers: [String] = []) -> FakeResponse {
        switch self {
        case .ollama: .error(status, words, headers: headers)
        case .openAI: .openAIError(status, words, headers: headers)
        case .gemini: .geminiError(status, "SOME_STATUS", words, headers: headers)
        }
    }

    /// A whole answer, which says `Hello there.`.
    package var whole: FakeResponse { stream(text("Hello"), text(" there."), last) }

    /// The first half of it, and nothing to end its body with.
    package var half: FakeResponse { stream(text("Hello")).stalledBeforeEnd }
}
