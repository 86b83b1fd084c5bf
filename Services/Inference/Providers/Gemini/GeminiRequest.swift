import Contracts
import JSON
import NIOCore

/// The body of `:streamGenerateContent`.
struct GeminiRequest: Sendable {
    static let supportedOptions = OptionSupport([
        "max_tokens", "stop", "temperature", "seed", "top_p", "top_k", "frequency_penalty", "presence_penalty",
        "reasoning_effort",
    ])
    /// Maximum number of stop texts.
    private static let stopLimit = 5

    var conversation: GeminiConversation
    /// The names of the tools in the request.
    let names: ToolNames
    private let tools: GeminiTools
    /// The format that Gemini guarantees.
    private let format: ResponseFormat
    private let options: Inference.Options
    private let thinking: GeminiModelTraits.Thinking?

    /// Throws a ``ProviderError`` for a request that Gemini does not support.
    init(prompt: Prompt, traits: GeminiModelTraits, media: GeminiMedia) throws {
        names = ToolNames(prompt, rule: .geminiName)
        let prompt = names.applied(to: prompt)
        tools = try GeminiTools(prompt.plan)
        let request = prompt.plan.formatRequest(withTools: traits.supportsToolsWithJSON)
        format = request.format
        conversation = try GeminiConversation(
            prompt.decodedMessages(),
            instruction: request.instruction,
            traits: traits,
            media: media
        )
        options = prompt.options
        thinking = traits.thinking(effort: options.reasoningEffort)
        guard !conversation.contents.isEmpty else {
            throw ProviderError(.rejected, Fault(.invalid, "The messages have no content."))
        }
        if let stop = options.stop, stop.count > Self.stopLimit {
            let message = "Gemini supports at most \(Self.stopLimit) stop texts; the request has \(stop.count)."
            throw ProviderError(.unsupported, Fault(.invalid, message))
        }
    }

    func encoded() -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            if !conversation.instructions.isEmpty {
                json.object("systemInstruction") { json in
                    json.array("parts", conversation.instructions) { json, text in
                        json.object { $0.field("text", text) }
                    }
                }
            }
            json.array("contents", conversation.contents) { $1.write(to: &$0) }
            tools.write(to: &json)
            if hasConfiguration { json.object("generationConfig") { write(to: &$0) } }
        }
        return json.buffer
    }

    private var hasConfiguration: Bool {
        var options = options
        // Options that Gemini does not support.
        options.minP = nil
        options.logprobs = nil
        options.topLogprobs = nil
        options.parallelToolCalls = nil
        options.reasoningEffort = nil
        if options.stop?.isEmpty == true { options.stop = nil }
        return options != Inference.Options() || format.isJSON || thinking != nil
    }

    private func write(to json: inout JSONWriter) {
        if let value = options.temperature { json.field("temperature", value) }
        if let value = options.topP { json.field("topP", value) }
        if let value = options.topK { json.field("topK", value) }
        if let value = options.maxTokens { json.field("maxOutputTokens", value) }
        if let stop = options.stop, !stop.isEmpty { json.array("stopSequences", stop) { $0.text($1) } }
        // Gemini's seeds have 32 bits; larger ones are truncated.
        if let value = options.seed { json.field("seed", Int(Int32(truncatingIfNeeded: value))) }
        if let value = options.presencePenalty { json.field("presencePenalty", value) }
        if let value = options.frequencyPenalty { json.field("frequencyPenalty", value) }
        if format.isJSON { json.field("responseMimeType", "application/json") }
        if let schema = format.schema { json.raw("responseJsonSchema", schema.json) }
        guard let thinking else { return }
        json.object("thinkingConfig") { json in
            if thinking.includesThoughts { json.field("includeThoughts", true) }
            if let budget = thinking.budget { json.field("thinkingBudget", budget) }
            if let level = thinking.level { json.field("thinkingLevel", level) }
        }
    }
}
