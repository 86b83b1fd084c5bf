import Contracts
import JSON
import NIOCore

/// The body of `POST /api/chat`, written without intermediate values.
struct OllamaChatRequest {
    var prompt: Prompt
    /// The context window to request; Ollama's default is small, and longer prompts are cut silently.
    var window: Int
    /// Whether the model may support thinking; others reject the option.
    var mayThink = true

    /// How Ollama is asked for the format: its models cannot call tools while their output is limited to JSON.
    private var formatRequest: FormatRequest { prompt.plan.formatRequest(withTools: false) }

    /// The format that Ollama is asked for.
    var format: ResponseFormat { formatRequest.format }

    /// Throws `invalid` for a request that Ollama does not support.
    func encoded() throws -> ByteBuffer {
        let messages = try messages
        var json = JSONWriter()
        json.object { json in
            json.field("model", prompt.model)
            json.field("stream", true)
            if let messages {
                json.array("messages", messages) { $1.write(to: &$0) }
            } else {
                json.raw("messages", prompt.messages)
            }
            // Ollama has no choice of tools: only those that remain after the choice are sent. No call can be required.
            if let tools = prompt.plan.callableJSON { json.raw("tools", tools) }
            writeFormat(to: &json)
            if mayThink { writeEffort(to: &json) }
            if let value = prompt.options.logprobs { json.field("logprobs", value) }
            if let value = prompt.options.topLogprobs { json.field("top_logprobs", value) }
            json.object("options") { json in
                json.field("num_ctx", window)
                Self.write(prompt.options, to: &json)
            }
        }
        return json.buffer
    }

    /// The messages in Ollama's format; `nil` if they are plain, and can be sent as they are.
    private var messages: [OllamaMessage]? {
        get throws {
            let instruction = formatRequest.instruction
            guard prompt.parsedMessages != nil || prompt.hasOnlyInstructions || instruction != nil else { return nil }
            var messages = try OllamaMessage.all(prompt.decodedMessages())
            // Without a message of the user Ollama only loads the model, and answers nothing.
            if prompt.hasOnlyInstructions, let last = messages.indices.last { messages[last].role = "user" }
            guard let instruction else { return messages }
            if messages.first?.role == "system" {
                messages[0].content += "\n\n" + instruction
            } else {
                messages.insert(try OllamaMessage(Inference.Message(role: .system, content: instruction)), at: 0)
            }
            return messages
        }
    }

    /// Writes Ollama's `format`: `"json"` or a schema.
    private func writeFormat(to json: inout JSONWriter) {
        switch format {
        case .text: break
        case .json: json.field("format", "json")
        case .schema(let schema): json.raw("format", schema.json)
        }
    }

    /// Writes the reasoning effort with Ollama's names; unknown ones are passed unchanged.
    private func writeEffort(to json: inout JSONWriter) {
        switch prompt.options.reasoningEffort?.lowercased() {
        // A model that thinks may write the JSON as a thought, and nothing else.
        case nil: if format.isJSON { json.field("think", false) }
        case "none": json.field("think", false)
        case "minimal": json.field("think", "low")
        case "xhigh": json.field("think", "max")
        case let effort?: json.field("think", effort)
        }
    }

    private static func write(_ options: Inference.Options, to json: inout JSONWriter) {
        if let value = options.maxTokens { json.field("num_predict", value) }
        if let value = options.temperature { json.field("temperature", value) }
        if let value = options.topP { json.field("top_p", value) }
        if let value = options.topK { json.field("top_k", value) }
        if let value = options.minP { json.field("min_p", value) }
        if let value = options.frequencyPenalty { json.field("frequency_penalty", value) }
        if let value = options.presencePenalty { json.field("presence_penalty", value) }
        if let value = options.seed { json.field("seed", value) }
        if let stop = options.stop, !stop.isEmpty { json.array("stop", stop) { $0.text($1) } }
    }
}
