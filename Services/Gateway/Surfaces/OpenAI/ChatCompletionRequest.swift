import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Validates the body of `POST /v1/chat/completions` and encodes it for inference-svc.
///
/// Messages, tools and other members with the same form on both sides are copied as bytes. Unknown members are ignored.
/// Errors have the words of OpenAI's API.
struct ChatCompletionRequest {
    private(set) var model = ""
    private(set) var wantsStream = false
    /// Whether the stream ends with a chunk that contains the usage.
    private(set) var includesUsage = false
    /// Estimated size of the prompt's text, in bytes.
    private(set) var promptBytes = 0
    private(set) var messages = ByteBuffer()
    /// The completion to store, if `store` is set.
    private(set) var stored: StoredCompletion?
    private var options = Inference.Options()
    private var tools: ByteBuffer?
    private var toolChoice: ByteBuffer?
    private var responseFormat: ByteBuffer?
    private var maxTokens: Int?
    private var maxCompletionTokens: Int?
    private var hasModel = false
    private var isStored = false
    private var hasStreamOptions = false

    /// The maximum number of completion tokens, if the client set it.
    var tokenLimit: Int? { options.maxTokens }

    /// Lowers the maximum number of completion tokens.
    mutating func limitAnswer(to tokens: Int) {
        options.maxTokens = min(options.maxTokens ?? tokens, tokens)
    }

    /// Throws ``OpenAIError/Parameter`` for an invalid parameter, and `invalid` for malformed JSON.
    init(_ body: ByteBuffer) throws {
        try JSONBody.validate(body)
        try body.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            guard json.isObject() else {
                throw OpenAIError.Parameter(param: nil, code: nil, message: "We expected a JSON object as the body.")
            }
            try json.object { try read($0, ParameterReader(body: body), &$1) }
        }
        try checkWhole()
    }

    private mutating func read(
        _ name: JSONScanner.Name,
        _ reader: ParameterReader,
        _ json: inout JSONScanner
    ) throws {
        switch name {
        case "model":
            hasModel = true
            model = try reader.text("model", &json) ?? ""
        case "messages":
            let raw = try reader.raw(&json)
            promptBytes += try ChatMessageValidator.check(raw)
            messages = raw
        case "stream": wantsStream = try reader.flag("stream", &json) ?? false
        case "stream_options":
            hasStreamOptions = try reader.object("stream_options", &json) { name, json in
                guard case "include_usage" = name else { return try json.skip() }
                includesUsage = try reader.flag("stream_options.include_usage", &json) ?? false
            }
        case "store": isStored = try reader.flag("store", &json) ?? false
        case "max_tokens": maxTokens = try reader.integer("max_tokens", &json, in: 1...1_000_000)
        case "max_completion_tokens":
            maxCompletionTokens = try reader.integer("max_completion_tokens", &json, in: 1...1_000_000)
        case "n": _ = try reader.integer("n", &json, in: 1...1)
        case "stop": options.stop = try reader.stops(&json)
        case "seed": options.seed = try reader.integer("seed", &json, in: Int.min...Int.max)
        case "temperature": options.temperature = try reader.decimal("temperature", &json, in: 0...2)
        case "top_p": options.topP = try reader.decimal("top_p", &json, in: 0...1)
        case "frequency_penalty":
            options.frequencyPenalty = try reader.decimal("frequency_penalty", &json, in: -2...2)
        case "presence_penalty": options.presencePenalty = try reader.decimal("presence_penalty", &json, in: -2...2)
        default: try readMore(name, reader, &json)
        }
    }

    private mutating func readMore(
        _ name: JSONScanner.Name,
        _ reader: ParameterReader,
        _ json: inout JSONScanner
    ) throws {
        switch name {
        case "tools":
            tools = try ChatToolValidator.tools(reader, &json)
            promptBytes += tools?.readableBytes ?? 0
        case "tool_choice": toolChoice = try ChatToolValidator.choice(reader, &json)
        case "response_format": responseFormat = try ChatToolValidator.format(reader, &json)
        case "logprobs": options.logprobs = try reader.flag("logprobs", &json)
        case "top_logprobs": options.topLogprobs = try reader.integer("top_logprobs", &json, in: 0...20)
        case "parallel_tool_calls": options.parallelToolCalls = try reader.flag("parallel_tool_calls", &json)
        case "reasoning_effort": options.reasoningEffort = try reader.text("reasoning_effort", &json)
        case "top_k": options.topK = try reader.integer("top_k", &json, in: 0...1_000_000)
        case "min_p": options.minP = try reader.decimal("min_p", &json, in: 0...1)
        case "functions", "function_call":
            throw OpenAIError.Parameter(
                param: "functions",
                code: "unsupported_parameter",
                message: "Unsupported parameter: 'functions' is not supported. Use 'tools' instead."
            )
        default: try json.skip()
        }
    }

    private mutating func checkWhole() throws {
        guard hasModel, !model.isEmpty else {
            throw OpenAIError.Parameter(param: nil, code: nil, message: "you must provide a model parameter")
        }
        try ParameterReader.checkName(model)
        guard messages.readableBytes > 0 else { throw ParameterReader.missing("messages") }
        if hasStreamOptions, !wantsStream {
            throw OpenAIError.Parameter(
                param: "stream_options",
                code: nil,
                message: "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            )
        }
        if maxTokens != nil, maxCompletionTokens != nil {
            throw OpenAIError.Parameter(
                param: "max_tokens",
                code: "invalid_parameter_combination",
                message: "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
            )
        }
        if options.topLogprobs != nil, options.logprobs != true {
            throw OpenAIError.Parameter(
                param: "top_logprobs",
                code: nil,
                message: "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
            )
        }
        options.maxTokens = maxCompletionTokens ?? maxTokens
        if isStored { stored = try StoredCompletion(messages) }
    }

    /// The JSON of an ``Inference/Generate``.
    func encoded() -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.raw("messages", messages)
            json.field("options", options)
            if let tools { json.raw("tools", tools) }
            if let toolChoice { json.raw("toolChoice", toolChoice) }
            if let responseFormat { json.raw("responseFormat", responseFormat) }
        }
        return json.buffer
    }
}
