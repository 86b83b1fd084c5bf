import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Validates the body of `POST /v1/chat/completions` and encodes it for inference-svc.
///
/// Messages, tools and other members with the same form on both sides are copied as bytes. Plain values are read by the
/// table ``ChatParameter/all``; unknown members become ``ExtraOptions``.
/// Errors have the words of OpenAI's API.
struct ChatCompletionRequest: Sendable {
    private(set) var model = ""
    /// Whether the stream ends with a chunk that contains the usage.
    private(set) var includesUsage = false
    /// Estimated size of the prompt's text, in bytes.
    private(set) var promptBytes = 0
    private(set) var messages = ByteBuffer()
    /// The completion to store, if `store` is set.
    private(set) var stored: StoredCompletion?
    private var parameters = ChatParameters()
    private var extra = ExtraOptions()
    private var tools: ByteBuffer?
    private var toolChoice: ByteBuffer?
    private var responseFormat: ByteBuffer?
    private var hasStreamOptions = false

    var wantsStream: Bool { parameters.stream ?? false }

    /// The names of the members that are passed on to no provider.
    var ignoredOptions: [String] { extra.ignored }

    /// The maximum number of completion tokens, if the client set it.
    var tokenLimit: Int? { parameters.options.maxTokens }

    /// Lowers the maximum number of completion tokens.
    mutating func limitAnswer(to tokens: Int) {
        parameters.options.maxTokens = min(tokenLimit ?? tokens, tokens)
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
        if let parameter = ChatParameter.named(name) {
            return try parameter.read(reader, &json, into: &parameters)
        }
        switch name {
        case "model": model = try reader.text("model", &json) ?? ""
        case "messages":
            let raw = try reader.raw(&json)
            promptBytes += try ChatMessageValidator.check(raw)
            messages = raw
        case "stream_options":
            hasStreamOptions = try reader.object("stream_options", &json) { name, json in
                guard case "include_usage" = name else { return try json.skip() }
                includesUsage = try reader.flag("stream_options.include_usage", &json) ?? false
            }
        case "tools":
            tools = try ChatToolValidator.tools(reader, &json)
            promptBytes += tools?.readableBytes ?? 0
        case "tool_choice": toolChoice = try ChatToolValidator.choice(reader, &json)
        case "response_format": responseFormat = try ChatToolValidator.format(reader, &json)
        // For the provider's records of its own customers: a user of Parley is none of its business.
        case "user", "metadata": try json.skip()
        case "functions", "function_call": try ChatToolValidator.checkNoFunctions(reader, &json)
        default: try extra.take(name, reader, &json)
        }
    }

    private mutating func checkWhole() throws {
        model = try ParameterReader.requiredModel(model)
        guard messages.readableBytes > 0 else { throw ParameterReader.missing("messages") }
        if hasStreamOptions, !wantsStream {
            throw OpenAIError.Parameter(
                param: "stream_options",
                code: nil,
                message: "The 'stream_options' parameter is only allowed when 'stream' is enabled."
            )
        }
        if parameters.maxTokens != nil, parameters.maxCompletionTokens != nil {
            throw OpenAIError.Parameter(
                param: "max_tokens",
                code: "invalid_parameter_combination",
                message: "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
            )
        }
        if parameters.options.topLogprobs != nil, parameters.options.logprobs != true {
            throw OpenAIError.Parameter(
                param: "top_logprobs",
                code: nil,
                message: "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled."
            )
        }
        parameters.options.maxTokens = parameters.maxCompletionTokens ?? parameters.maxTokens
        parameters.options.extra = extra.encoded
        if parameters.store == true { stored = try StoredCompletion(messages) }
    }

    /// The JSON of an ``Inference/Generate``.
    func encoded() -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.raw("messages", messages)
            json.field("options", parameters.options)
            if let tools { json.raw("tools", tools) }
            if let toolChoice { json.raw("toolChoice", toolChoice) }
            if let responseFormat { json.raw("responseFormat", responseFormat) }
        }
        return json.buffer
    }
}
