import Contracts
import ContractsJSON
import JSON
import NIOCore

/// A chunk of Gemini's stream, or a complete response: both have the same format.
///
/// Member names may be in camel case or snake case, as in Protocol Buffers. Unknown members are ignored.
struct GeminiChunk {
    /// A part of the model's output.
    struct Part {
        var text: String?
        /// Whether the text is a thought.
        var isThought = false
        var signature: String?
        var call: Call?
    }

    /// A complete tool call.
    struct Call {
        var id: String?
        var name: String?
        /// The arguments as JSON.
        var arguments = "{}"
    }

    var parts: [Part] = []
    var finishReason: String?
    /// Gemini's message about the finish reason.
    var finishMessage: String?
    /// Why the prompt is blocked.
    var blockReason: String?
    var blockMessage: String?
    var usage: Usage?
    var error: GeminiErrorBody?

    /// Throws ``JSONScanner/Malformed`` for invalid JSON.
    init(_ bytes: ByteBuffer) throws {
        self = try bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var chunk = GeminiChunk()
            if json.isArray() {
                try json.array { json in try json.objectOrSkip { try chunk.read($0, &$1) } }
            } else {
                try json.object { try chunk.read($0, &$1) }
            }
            try json.end()
            return chunk
        }
    }

    private init() {}

    private mutating func read(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "candidates": try readCandidates(&json)
        case "usageMetadata", "usage_metadata": usage = try GeminiUsage(from: &json).usage ?? usage
        case "promptFeedback", "prompt_feedback":
            try json.objectOrSkip { name, json in
                switch name {
                case "blockReason", "block_reason": blockReason = try json.optionalString()
                case "blockReasonMessage", "block_reason_message": blockMessage = try json.optionalString()
                default: try json.skip()
                }
            }
        case "error" where json.kind != .null: error = try GeminiErrorBody(from: &json)
        default: try json.skip()
        }
    }

    /// Reads only the first candidate, because requests never ask for more.
    private mutating func readCandidates(_ json: inout JSONScanner) throws {
        guard json.isArray() else { return try json.skip() }
        var isFirst = true
        try json.array { json in
            guard isFirst else { return try json.skip() }
            isFirst = false
            try json.objectOrSkip { name, json in
                switch name {
                case "content": try readContent(&json)
                case "finishReason", "finish_reason": finishReason = try json.optionalString()
                case "finishMessage", "finish_message": finishMessage = try json.optionalString()
                default: try json.skip()
                }
            }
        }
    }

    private mutating func readContent(_ json: inout JSONScanner) throws {
        try json.objectOrSkip { name, json in
            guard case "parts" = name, json.isArray() else { return try json.skip() }
            try json.array { json in
                var part = Part()
                try json.objectOrSkip { try Self.read(&part, $0, &$1) }
                parts.append(part)
            }
        }
    }

    private static func read(_ part: inout Part, _ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "text": part.text = try json.optionalString()
        case "thought": part.isThought = try json.isTrue()
        case "thoughtSignature", "thought_signature": part.signature = try json.optionalString()
        case "functionCall", "function_call":
            guard json.isObject() else { return try json.skip() }
            var call = Call()
            try json.object { name, json in
                switch name {
                case "id": call.id = try json.optionalString()
                case "name": call.name = try json.optionalString()
                case "args":
                    let arguments = try json.rawJSON().text
                    if arguments != "null" { call.arguments = arguments }
                default: try json.skip()
                }
            }
            part.call = call
        default: try json.skip()
        }
    }
}
