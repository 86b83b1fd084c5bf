import Contracts
import JSON
import NIOCore

/// The body of `:streamGenerateContent`.
struct GeminiRequest {
    /// How many texts may end a generation.
    private static let stopLimit = 5

    var conversation: GeminiConversation
    private let tools: GeminiTools
    private let options: Inference.Options
    private let thinking: GeminiModelTraits.Thinking?

    /// Throws a ``ProviderError`` for what Gemini cannot be asked; another model may.
    init(prompt: Prompt, family: GeminiModelTraits, address: String) throws {
        conversation = try GeminiConversation(
            prompt.decodedMessages(),
            family: family,
            media: GeminiMedia(address: address)
        )
        tools = try GeminiTools(prompt)
        options = prompt.options
        thinking = family.thinking(effort: options.reasoningEffort)
        guard !conversation.contents.isEmpty else {
            throw ProviderError(Fault(.invalid, "The messages say nothing that Gemini could answer."), .none)
        }
        if let stop = options.stop, stop.count > Self.stopLimit {
            let sentence = "Gemini takes at most \(Self.stopLimit) stop texts; there are \(stop.count)."
            throw ProviderError(Fault(.invalid, sentence), .tryAnotherModel)
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
        // What Gemini has no word for.
        options.minP = nil
        options.logprobs = nil
        options.topLogprobs = nil
        options.parallelToolCalls = nil
        options.reasoningEffort = nil
        if options.stop?.isEmpty == true { options.stop = nil }
        return options != Inference.Options() || tools.isJSON || thinking != nil
    }

    private func write(to json: inout JSONWriter) {
        if let value = options.temperature { json.field("temperature", value) }
        if let value = options.topP { json.field("topP", value) }
        if let value = options.topK { json.field("topK", value) }
        if let value = options.maxTokens { json.field("maxOutputTokens", value) }
        if let stop = options.stop, !stop.isEmpty { json.array("stopSequences", stop) { $0.text($1) } }
        // Gemini's seeds have 32 bits; the same larger one always becomes the same smaller one.
        if let value = options.seed { json.field("seed", Int(Int32(truncatingIfNeeded: value))) }
        if let value = options.presencePenalty { json.field("presencePenalty", value) }
        if let value = options.frequencyPenalty { json.field("frequencyPenalty", value) }
        if tools.isJSON { json.field("responseMimeType", "application/json") }
        if let schema = tools.schema { json.raw("responseJsonSchema", schema) }
        guard let thinking else { return }
        json.object("thinkingConfig") { json in
            if thinking.includesThoughts { json.field("includeThoughts", true) }
            if let budget = thinking.budget { json.field("thinkingBudget", budget) }
            if let level = thinking.level { json.field("thinkingLevel", level) }
        }
    }
}
