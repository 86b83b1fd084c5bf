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

    /// One of the answers; requests never ask for more than one.
    struct Candidate {
        var index: Int?
        var parts: [Part] = []
        var finishReason: String?
        /// Gemini's message about the finish reason.
        var finishMessage: String?
    }

    /// The first answer; `nil` if the chunk has nothing of it.
    var candidate: Candidate?
    /// Why the prompt is blocked.
    var blockReason: String?
    var blockMessage: String?
    var usage: Usage?
    var error: GeminiErrorBody?
    /// Whether the chunk has a member of an answer.
    var isAnswer = false

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
        case "candidates":
            isAnswer = isAnswer || json.isArray()
            try readCandidates(&json)
        case "usageMetadata", "usage_metadata":
            isAnswer = isAnswer || json.isObject()
            usage = try GeminiUsage(from: &json).usage ?? usage
        case "promptFeedback", "prompt_feedback":
            isAnswer = isAnswer || json.isObject()
            try json.objectOrSkip { name, json in
                switch name {
                case "blockReason", "block_reason": blockReason = try Self.text(&json)
                case "blockReasonMessage", "block_reason_message": blockMessage = try Self.text(&json)
                default: try json.skip()
                }
            }
        case "error": error = try Self.error(&json) ?? error
        default: try json.skip()
        }
    }

    /// Reads the candidate with the index 0; without an index the place counts.
    private mutating func readCandidates(_ json: inout JSONScanner) throws {
        guard json.isArray() else { return try json.skip() }
        var place = 0
        try json.array { json in
            var other = Candidate()
            try json.objectOrSkip { name, json in
                switch name {
                case "index": other.index = try json.optionalInt()
                case "content": try Self.readContent(&json, &other.parts)
                case "finishReason", "finish_reason": other.finishReason = try Self.text(&json)
                case "finishMessage", "finish_message": other.finishMessage = try Self.text(&json)
                default: try json.skip()
                }
            }
            if (other.index ?? place) == 0 { candidate = other }
            place += 1
        }
    }

    private static func readContent(_ json: inout JSONScanner, _ parts: inout [Part]) throws {
        try json.objectOrSkip { name, json in
            guard case "parts" = name, json.isArray() else { return try json.skip() }
            try json.array { json in
                var part = Part()
                try json.objectOrSkip { try Self.read(&part, $0, &$1) }
                parts.append(part)
            }
        }
    }

    /// Reads a text; an empty one means the same as `null`.
    private static func text(_ json: inout JSONScanner) throws -> String? {
        try json.optionalString().flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reads an error; `nil` for an empty value.
    private static func error(_ json: inout JSONScanner) throws -> GeminiErrorBody? {
        guard json.kind != .null, json.kind != .flag else {
            try json.skip()
            return nil
        }
        let error = try GeminiErrorBody(from: &json)
        return error == GeminiErrorBody(message: "") || error == GeminiErrorBody() ? nil : error
    }

    private static func read(_ part: inout Part, _ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "text": part.text = try json.optionalString()
        case "thought": part.isThought = try json.isTrue()
        case "thoughtSignature", "thought_signature": part.signature = try text(&json)
        case "functionCall", "function_call":
            guard json.isObject() else { return try json.skip() }
            var call = Call()
            try json.object { name, json in
                switch name {
                case "id": call.id = try text(&json)
                case "name": call.name = try text(&json)
                case "args":
                    let arguments = try json.rawJSON().text
                    if arguments != "null", arguments != "\"\"" { call.arguments = arguments }
                default: try json.skip()
                }
            }
            part.call = call
        default: try json.skip()
        }
    }
}
