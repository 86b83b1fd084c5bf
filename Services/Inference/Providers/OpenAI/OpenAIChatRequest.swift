import Bus
import Contracts
import JSON
import NIOCore

/// The body of `POST /chat/completions`, written straight into bytes.
struct OpenAIChatRequest {
    let prompt: Prompt
    /// Whether OpenAI itself is asked, which knows newer names and refuses what it does not know.
    let isOpenAI: Bool
    /// Whether the server knows what providers want to see again: Google's does, under the same name.
    var supportsMetadata = false

    func encoded() throws -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", prompt.model)
            json.raw("messages", messages)
            if !prompt.isUnary {
                json.field("stream", true)
                json.object("stream_options") { $0.field("include_usage", true) }
            }
            if let tools = prompt.tools { json.raw("tools", tools) }
            if let choice = prompt.toolChoice { json.raw("tool_choice", choice) }
            if let format = prompt.responseFormat { json.raw("response_format", format) }
            write(prompt.options, to: &json)
        }
        return json.buffer
    }

    private func write(_ options: Inference.Options, to json: inout JSONWriter) {
        if let limit = options.maxTokens {
            if isOpenAI { json.field("max_completion_tokens", limit) } else { json.field("max_tokens", limit) }
        }
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
        guard !isOpenAI else { return }
        if let value = options.topK { json.field("top_k", value) }
        if let value = options.minP { json.field("min_p", value) }
    }

    /// The messages as they came, unless they hold what the server may not know.
    private var messages: ByteBuffer {
        guard let parsedMessages = prompt.parsedMessages else { return prompt.messages }
        var list = ByteBuffer(string: "[")
        for (index, message) in parsedMessages.enumerated() {
            if index > 0 { list.writeStaticString(",") }
            list.writeImmutableBuffer(BusCoding.write(adapted(message)))
        }
        list.writeStaticString("]")
        return list
    }

    private func adapted(_ message: Inference.Message) -> Inference.Message {
        var message = message
        if !isOpenAI, message.role == .developer { message.role = .system }
        guard !supportsMetadata else { return message }
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
