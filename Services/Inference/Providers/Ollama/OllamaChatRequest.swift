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

    /// Throws `invalid` for a request that Ollama does not support.
    func encoded() throws(Fault) -> ByteBuffer {
        let messages = try prompt.parsedMessages.map { list throws(Fault) in try OllamaMessage.all(list) }
        let (tools, format) = (tools, try format)
        var json = JSONWriter()
        json.object { json in
            json.field("model", prompt.model)
            json.field("stream", true)
            if let messages {
                json.array("messages", messages) { $1.write(to: &$0) }
            } else {
                json.raw("messages", prompt.messages)
            }
            if let tools { json.raw("tools", tools) }
            if let format { json.raw("format", format) }
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

    /// The tools that remain after the choice.
    ///
    /// Ollama has no such option: `none` removes all tools, and a named tool is the only one. A call cannot be
    /// required.
    private var tools: ByteBuffer? {
        guard let tools = prompt.tools, !tools.readableBytesView.elementsEqual("null".utf8) else { return nil }
        switch ToolChoice(prompt.toolChoice) {
        case .none: return nil
        case .auto, .required: return tools
        case .named(let name): return Self.only(name, in: tools) ?? tools
        }
    }

    private static func only(_ name: String, in tools: ByteBuffer) -> ByteBuffer? {
        tools.withUnsafeReadableBytes { bytes in
            var found: ByteBuffer?
            do {
                var json = JSONScanner(bytes)
                try json.array { json in
                    let raw = UnsafeRawBufferPointer(rebasing: try json.raw())
                    guard found == nil, try Self.name(of: raw) == name else { return }
                    found = ByteBuffer(bytes: raw)
                }
            } catch {
                return nil
            }
            return found.map { ByteBuffer(string: "[\(String(buffer: $0))]") }
        }
    }

    private static func name(of tool: UnsafeRawBufferPointer) throws -> String? {
        var json = JSONScanner(tool)
        var name: String?
        try json.objectOrSkip { key, json in
            guard case "function" = key else { return try json.skip() }
            try json.objectOrSkip { key, json in
                if case "name" = key { name = try json.optionalString() } else { try json.skip() }
            }
        }
        return name
    }

    /// Ollama's `format`: `"json"` or a schema.
    private var format: ByteBuffer? {
        get throws(Fault) {
            guard let format = prompt.responseFormat else { return nil }
            do {
                return try Self.format(format)
            } catch {
                throw Fault(.invalid, "The response format is not an object such as {\"type\":\"json_object\"}.")
            }
        }
    }

    private static func format(_ format: ByteBuffer) throws -> ByteBuffer? {
        try format.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var (type, schema): (String?, ByteBuffer?)
            try json.objectOrSkip { key, json in
                switch key {
                case "type": type = try json.optionalString()
                case "json_schema":
                    try json.objectOrSkip { key, json in
                        guard case "schema" = key, json.isObject() else { return try json.skip() }
                        schema = ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: try json.raw()))
                    }
                default: try json.skip()
                }
            }
            switch type {
            case "json_schema": return schema ?? ByteBuffer(string: "\"json\"")
            case "json_object": return ByteBuffer(string: "\"json\"")
            default: return nil
            }
        }
    }

    /// Writes the reasoning effort with Ollama's names; unknown ones are passed unchanged.
    private func writeEffort(to json: inout JSONWriter) {
        switch prompt.options.reasoningEffort?.lowercased() {
        case nil: break
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
