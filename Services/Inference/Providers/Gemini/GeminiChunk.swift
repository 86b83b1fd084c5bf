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
    private var body = ErrorBody()
    private var hasCandidate = false

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
                case "blockReason", "block_reason": blockReason = try json.nonEmptyText()
                case "blockReasonMessage", "block_reason_message": blockMessage = try json.optionalString()
                default: try json.skip()
                }
            }
        case "error" where json.isObject() || json.kind == .text:
            let found = try GeminiErrorBody(from: &json)
            error = found.isEmpty ? nil : found
        case "modelVersion", "responseId", "createTime": try json.skip()
        default: if try !body.read(name, &json) { try json.skip() }
        }
    }

    /// Reads only the candidate with index 0, because requests never ask for more; without an index it counts as 0.
    private mutating func readCandidates(_ json: inout JSONScanner) throws {
        guard json.isArray() else { return try json.skip() }
        var isFound = false
        try json.array { json in
            var candidate = GeminiChunk()
            var index: Int?
            try json.objectOrSkip { name, json in
                switch name {
                case "index": index = try json.optionalInt()
                case "content": try candidate.readContent(&json)
                case "finishReason", "finish_reason": candidate.finishReason = try json.nonEmptyText()
                case "finishMessage", "finish_message": candidate.finishMessage = try json.nonEmptyText()
                default: try json.skip()
                }
            }
            guard !isFound, (index ?? 0) == 0 else { return }
            (isFound, hasCandidate) = (true, true)
            parts += candidate.parts
            finishReason = candidate.finishReason ?? finishReason
            finishMessage = candidate.finishMessage ?? finishMessage
        }
    }

    /// An error in another spelling than Google's, where there is no candidate.
    var otherError: ErrorReport? {
        let isError = body.isDeclared || (!hasCandidate && usage == nil && blockReason == nil && body.hasContent)
        return isError ? body.report : nil
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
                case "id": call.id = try json.nonEmptyText()
                case "name": call.name = try json.nonEmptyText()
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
