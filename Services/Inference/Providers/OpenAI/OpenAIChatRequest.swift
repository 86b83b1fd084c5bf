import Bus
import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The body of `POST /chat/completions`, written without intermediate values.
struct OpenAIChatRequest: Sendable {
    private let prompt: Prompt
    let quirks: ServerQuirks
    /// The provider's name in error messages.
    let serverName: String
    /// What the server accepts of the members that ask for a stream.
    let support: StreamSupport
    /// The names of the tools in the request.
    let names: ToolNames

    init(prompt: Prompt, quirks: ServerQuirks, serverName: String, support: StreamSupport = StreamSupport()) {
        self.quirks = quirks
        self.serverName = serverName
        self.support = support
        names = quirks.limitsToolNames ? ToolNames(prompt, rule: .openAIName, ids: .openAIID) : ToolNames()
        self.prompt = names.applied(to: prompt)
    }

    /// Throws a ``ProviderError`` for an image that the server would have to fetch.
    func encoded() throws -> ByteBuffer {
        let messages = try messages
        var json = JSONWriter()
        json.object { json in
            json.field("model", prompt.model)
            json.raw("messages", messages)
            if support.acceptsStream { json.field("stream", true) }
            if support.acceptsStream, support.acceptsOptions, quirks.acceptsStreamOptions {
                json.object("stream_options") { $0.field("include_usage", true) }
            }
            if let tools = prompt.plan.declarations { json.raw("tools", tools) }
            if let choice = prompt.plan.choiceJSON { json.raw("tool_choice", choice) }
            if let format = prompt.plan.formatJSON { json.raw("response_format", format) }
            write(prompt.options, to: &json)
        }
        return json.buffer
    }

    private func write(_ options: Inference.Options, to json: inout JSONWriter) {
        if let limit = options.maxTokens { json.field(quirks.tokenLimit.name, limit) }
        if let stop = options.stop, !stop.isEmpty { json.array("stop", stop) { $0.text($1) } }
        if let value = options.temperature { json.field("temperature", value) }
        if let value = options.seed { json.field("seed", value) }
        if let value = options.topP { json.field("top_p", value) }
        if let value = options.frequencyPenalty { json.field("frequency_penalty", value) }
        if let value = options.presencePenalty { json.field("presence_penalty", value) }
        if let value = options.logprobs { json.field("logprobs", value) }
        if let value = options.topLogprobs { json.field("top_logprobs", value) }
        if let value = options.parallelToolCalls { json.field("parallel_tool_calls", value) }
        if let value = options.reasoningEffort { json.field("reasoning_effort", value) }
        guard quirks.acceptsUnknownOptions else { return }
        if let value = options.topK { json.field("top_k", value) }
        if let value = options.minP { json.field("min_p", value) }
    }

    /// The messages, unchanged if they are plain.
    private var messages: ByteBuffer {
        get throws {
            guard let parsed = prompt.parsedMessages else { return prompt.messages }
            var list = ByteBuffer(string: "[")
            for (index, message) in parsed.enumerated() {
                if case .parts(let parts) = message.content {
                    for part in parts {
                        try part.image.map(check)
                        try part.audio.map(check)
                    }
                }
                if index > 0 { list.writeStaticString(",") }
                list.writeImmutableBuffer(BusCoding.write(adapted(message)))
            }
            list.writeStaticString("]")
            return list
        }
    }

    /// Rejects an address that the server may not fetch.
    private func check(_ image: Inference.Image) throws {
        let scheme = image.url.prefix(bytes: 8).lowercased()
        if scheme.hasPrefix("data:") { return }
        if quirks.imageSchemes.contains(where: { scheme.hasPrefix($0 + "://") }) { return }
        throw ProviderError(
            .unsupported,
            Fault(
                .invalid,
                "\(serverName) is not allowed to fetch the address of an image. "
                    + "Send the image itself, as a data: URL such as data:image/png;base64,… ."
            )
        )
    }

    /// Rejects an address in place of a recording's base64: a server might fetch it.
    private func check(_ audio: Inference.Audio) throws {
        guard audio.data.prefix(bytes: 32).contains(":") else { return }
        throw ProviderError(
            .unsupported,
            Fault(.invalid, "A recording in the messages is an address. Send the recording itself, as base64.")
        )
    }

    private func adapted(_ message: Inference.Message) -> Inference.Message {
        var message = message
        if !quirks.acceptsDeveloperRole, message.role == .developer { message.role = .system }
        // Only native APIs have parts, and need the reasoning with them.
        if message.parts != nil { message.reasoning = nil }
        (message.parts, message.model) = (nil, nil)
        guard !quirks.acceptsMetadata else { return message }
        message.metadata = nil
        message.toolCalls = message.toolCalls?.map { call in
            var call = call
            call.metadata = nil
            return call
        }
        if case .parts(let parts) = message.content {
            message.content = .parts(
                parts.map { part in
                    var part = part
                    part.metadata = nil
                    return part
                }
            )
        }
        return message
    }
}
