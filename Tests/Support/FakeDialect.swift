/// The four API dialects of providers, and the same messages in each.
package enum FakeDialect: String, CaseIterable, Sendable {
    case ollama = "Ollama"
    case openAI = "OpenAI"
    case gemini = "Gemini"
    case anthropic = "Anthropic"

    /// The name of the provider in messages.
    package var provider: String { self == .openAI ? "openai" : rawValue }

    /// The requested model.
    package var model: String {
        switch self {
        case .ollama: "ollama/llama3.2"
        case .openAI: "openai/gpt-4o-mini"
        case .gemini: "gemini/gemini-2.5-flash"
        case .anthropic: "anthropic/claude-sonnet-4-5"
        }
    }

    /// The path of generations.
    package var path: String {
        switch self {
        case .ollama: "/api/chat"
        case .openAI: "/v1/chat/completions"
        case .gemini: "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
        case .anthropic: "/v1/messages"
        }
    }

    package func withServer(_ body: (FakeServer) async throws -> Void) async throws {
        switch self {
        case .ollama: try await withFakeOllama(body)
        case .openAI: try await withFakeOpenAI(body)
        case .gemini: try await withFakeGemini(body)
        case .anthropic: try await withFakeAnthropic(body)
        }
    }

    /// A complete stream of these frames.
    package func stream(_ frames: String...) -> FakeResponse { stream(frames) }

    /// A complete stream of these frames.
    package func stream(_ frames: [String]) -> FakeResponse {
        switch self {
        case .ollama: .chat(lines: frames)
        case .openAI: .openAIStream(frames, isDone: false)
        case .gemini: .gemini(chunks: frames)
        case .anthropic: .anthropicStream(frames: frames.map { "data: \($0)\n\n" })
        }
    }

    /// A frame with a piece of the text.
    package func text(_ text: String) -> String {
        switch self {
        case .ollama: FakeResponse.chatLines([text], nil)[0]
        case .openAI: "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\(text.inJSON)},\"finish_reason\":null}]}"
        case .gemini:
            "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\(text.inJSON)}],\"role\":\"model\"},\"index\":0}]}"
        case .anthropic: FakeAnthropicEvent.textDelta(0, text).data
        }
    }

    /// The frame that ends the text.
    package var last: String {
        switch self {
        case .ollama: FakeResponse.chatLines([])[0]
        case .openAI: #"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#
        case .gemini: #"{"candidates":[{"finishReason":"STOP","index":0}]}"#
        case .anthropic: FakeAnthropicEvent.end("end_turn").data
        }
    }

    /// The frame that ends a text that was blocked; Ollama has none.
    package var withheld: String {
        switch self {
        case .ollama: last
        case .openAI: #"{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}"#
        case .gemini: FakeResponse.geminiChunk(parts: [], finishReason: "SAFETY")
        case .anthropic: FakeAnthropicEvent.end("refusal").data
        }
    }

    /// An error within the stream.
    package func failure(_ words: String) -> String {
        switch self {
        case .ollama: "{\"error\":\"\(words)\"}"
        case .openAI: FakeResponse.openAIErrorBody(words, type: "server_error")
        case .gemini: "{\"error\":{\"code\":500,\"message\":\"\(words)\",\"status\":\"INTERNAL\"}}"
        case .anthropic: FakeAnthropicEvent.error("api_error", words).data
        }
    }

    /// An error with a status.
    package func error(_ status: Int, _ words: String = "It says so.", headers: [String] = []) -> FakeResponse {
        switch self {
        case .ollama: .error(status, words, headers: headers)
        case .openAI: .openAIError(status, words, headers: headers)
        case .gemini: .geminiError(status, "SOME_STATUS", words, headers: headers)
        case .anthropic: .anthropicError(status, "some_error", words, headers: headers)
        }
    }

    /// A complete response with the text `Hello there.`.
    package var whole: FakeResponse { stream(text("Hello"), text(" there."), last) }

    /// The first half of it, without an end of its body.
    package var half: FakeResponse { stream(text("Hello")).stalledBeforeEnd }
}
