import Contracts
import JSON
import NIOCore

/// The body of `POST /v1/messages`.
struct AnthropicRequest: Sendable {
    /// The smallest limit of an answer that is sent by default, in tokens.
    private static let smallestLimit = 1024

    let model: String
    /// The names of the tools in the request.
    let names: ToolNames
    private(set) var conversation: AnthropicConversation
    let tools: AnthropicTools
    let maxTokens: Int
    let thinking: AnthropicThinking
    private let cache: AnthropicCache
    private let options: Inference.Options
    private let traits: AnthropicModelTraits

    /// Throws a ``ProviderError`` for a request that Anthropic does not support.
    init(prompt: Prompt, traits: AnthropicModelTraits, mayFetch: @escaping @Sendable (String) -> Bool) throws {
        model = prompt.model
        options = prompt.options
        self.traits = traits
        names = ToolNames(prompt, rule: .anthropicName, ids: .anthropicID)
        let prompt = names.applied(to: prompt)
        var conversation = try AnthropicConversation(
            prompt.decodedMessages(),
            model: prompt.model,
            traits: traits,
            mayFetch: mayFetch
        )
        tools = try AnthropicTools(prompt.plan, traits: traits, called: conversation.calledTools)
        guard !conversation.turns.isEmpty else {
            throw ProviderError(.rejected, Fault(.invalid, "The messages have no content."))
        }
        let promptBytes = conversation.system.reduce(conversation.textBytes + tools.bytes) { $0 + $1.utf8.count }
        maxTokens = Self.limit(options.maxTokens, traits, TokenEstimate.tokens(inBytes: promptBytes))
        let thinking = AnthropicThinking(
            effort: options.reasoningEffort,
            traits: traits,
            maxTokens: maxTokens,
            isForced: tools.isForced,
            lacksThinking: conversation.lacksThinking
        )
        if thinking.isOff(traits) { conversation.dropThinking() }
        conversation.close(allowsPrefill: traits.acceptsPrefill && !thinking.isOn)
        cache = AnthropicCache(conversation, toolBytes: tools.bytes)
        self.conversation = conversation
        self.thinking = thinking
    }

    /// The limit of the answer, which Anthropic requires: as requested, up to the model's own.
    ///
    /// By default the model's own, without exceeding its context window together with the prompt.
    private static func limit(_ wanted: Int?, _ traits: AnthropicModelTraits, _ promptTokens: Int) -> Int {
        if let wanted { return max(1, min(wanted, traits.outputLimit)) }
        return min(traits.outputLimit, max(smallestLimit, traits.window - promptTokens))
    }

    func encoded() -> ByteBuffer {
        let system = conversation.system + (tools.instruction.map { [$0] } ?? [])
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.field("max_tokens", maxTokens)
            json.field("stream", true)
            if !system.isEmpty {
                json.array("system", Array(system.enumerated())) { json, text in
                    let isCached = cache.includesSystem && text.offset == conversation.system.count - 1
                    AnthropicBlock.text(text.element).write(to: &json, isCached: isCached)
                }
            }
            json.array("messages", Array(conversation.turns.enumerated())) { json, turn in
                turn.element.write(to: &json, isCached: cache.turns.contains(turn.offset))
            }
            tools.write(to: &json, isCached: cache.includesTools)
            writeThinking(to: &json)
            writeSampling(to: &json)
        }
        return json.buffer
    }

    private func writeThinking(to json: inout JSONWriter) {
        switch thinking.mode {
        case .standard: break
        case .budget(let tokens):
            json.object("thinking") { json in
                json.field("type", "enabled")
                json.field("budget_tokens", tokens)
            }
        case .adaptive:
            json.object("thinking") { json in
                json.field("type", "adaptive")
                // The newest models show no thinking by default.
                json.field("display", "summarized")
            }
        case .disabled: json.object("thinking") { $0.field("type", "disabled") }
        }
        guard thinking.effort != nil || tools.schema != nil else { return }
        json.object("output_config") { json in
            if let effort = thinking.effort { json.field("effort", effort) }
            if let schema = tools.schema {
                json.object("format") { json in
                    json.field("type", "json_schema")
                    json.raw("schema", schema)
                }
            }
        }
    }

    private func writeSampling(to json: inout JSONWriter) {
        let stops = (options.stop ?? []).filter { !$0.isBlank }
        if !stops.isEmpty { json.array("stop_sequences", stops) { $0.text($1) } }
        guard traits.acceptsSampling, !thinking.isOn else { return }
        // OpenAI's range ends at 2, Anthropic's at 1.
        if let value = options.temperature { json.field("temperature", min(1, max(0, value))) }
        if let value = options.topP, options.temperature == nil || traits.acceptsTemperatureWithTopP {
            json.field("top_p", value)
        }
        if let value = options.topK { json.field("top_k", value) }
    }
}
