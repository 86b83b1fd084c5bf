import Contracts
import ContractsJSON
import JSON
import NIOCore

/// A chunk of OpenAI's stream, or a complete response: both have the same members, in `delta` or in `message`.
///
/// Unknown members and values of the wrong type are ignored, because compatible servers differ in details.
struct OpenAIChunk {
    /// A piece of a tool call, as received.
    struct CallPiece {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String?
        var metadata: RawJSON?
    }

    var reasoning: String?
    var text: String?
    var refusal: String?
    var calls: [CallPiece] = []
    var logprobs: RawJSON?
    var finishReason: String?
    var usage: Usage?
    var error: OpenAIErrorBody?

    /// Throws ``JSONScanner/Malformed`` for invalid JSON.
    init(_ bytes: ByteBuffer) throws {
        self = try bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var chunk = OpenAIChunk()
            try json.object { try chunk.read($0, &$1) }
            try json.end()
            return chunk
        }
    }

    private init() {}

    private mutating func read(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "choices": try readChoices(&json)
        case "usage": usage = try Self.usage(&json) ?? usage
        case "error" where json.kind != .null: error = try OpenAIErrorBody(from: &json)
        default: try json.skip()
        }
    }

    /// Reads only the first choice, because requests never ask for more.
    private mutating func readChoices(_ json: inout JSONScanner) throws {
        guard json.isArray() else { return try json.skip() }
        var isFirst = true
        try json.array { json in
            guard isFirst else { return try json.skip() }
            isFirst = false
            try json.objectOrSkip { try readChoice($0, &$1) }
        }
    }

    private mutating func readChoice(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "delta", "message": try json.objectOrSkip { try readDelta($0, &$1) }
        case "finish_reason": finishReason = try json.optionalString() ?? finishReason
        case "text": text = try json.optionalString() ?? text
        case "logprobs":
            try json.objectOrSkip { name, json in
                guard case "content" = name, json.isArray() else { return try json.skip() }
                logprobs = try json.rawJSON()
            }
        default: try json.skip()
        }
    }

    private mutating func readDelta(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "content": try readContent(&json)
        case "reasoning_content", "reasoning": reasoning = try json.optionalString() ?? reasoning
        case "refusal": refusal = try json.optionalString()
        case "tool_calls":
            guard json.isArray() else { return try json.skip() }
            try json.array { json in
                var call = CallPiece()
                try json.objectOrSkip { try Self.read(&call, $0, &$1) }
                calls.append(call)
            }
        default: try json.skip()
        }
    }

    /// Reads a text, or the array of parts that some servers send.
    private mutating func readContent(_ json: inout JSONScanner) throws {
        guard json.isArray() else {
            text = try json.optionalString()
            return
        }
        try json.array { json in
            try json.objectOrSkip { name, json in
                guard case "text" = name, let more = try json.optionalString() else { return try json.skip() }
                text = (text ?? "") + more
            }
        }
    }

    private static func read(
        _ call: inout CallPiece,
        _ name: JSONScanner.Name,
        _ json: inout JSONScanner
    ) throws {
        switch name {
        case "index": call.index = try json.optionalInt()
        case "id": call.id = try json.optionalString()
        case "function":
            try json.objectOrSkip { name, json in
                switch name {
                case "name": call.name = try json.optionalString()
                case "arguments":
                    // Some servers send an object instead of its text.
                    call.arguments = try json.isObject() ? json.rawJSON().text : json.optionalString()
                default: try json.skip()
                }
            }
        case "extra_content": if json.isObject() { call.metadata = try json.rawJSON() } else { try json.skip() }
        default: try json.skip()
        }
    }

    private static func usage(_ json: inout JSONScanner) throws -> Usage? {
        var (prompt, completion, total): (Int?, Int?, Int?)
        var (cached, reasoning): (Int?, Int?)
        try json.objectOrSkip { name, json in
            switch name {
            case "prompt_tokens": prompt = try json.count()
            case "completion_tokens": completion = try json.count()
            case "total_tokens": total = try json.count()
            case "prompt_tokens_details":
                try json.objectOrSkip { name, json in
                    if case "cached_tokens" = name { cached = try json.count() } else { try json.skip() }
                }
            case "completion_tokens_details":
                try json.objectOrSkip { name, json in
                    if case "reasoning_tokens" = name { reasoning = try json.count() } else { try json.skip() }
                }
            default: try json.skip()
            }
        }
        guard let prompt = prompt ?? total else { return nil }
        return Usage(
            promptTokens: prompt,
            completionTokens: completion ?? max(0, (total ?? prompt) - prompt),
            isEstimated: false,
            cachedTokens: cached,
            reasoningTokens: reasoning
        )
    }
}
