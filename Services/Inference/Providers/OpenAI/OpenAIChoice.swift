import Contracts
import ContractsJSON
import JSON

/// A choice of a chunk, with its content in `delta`, or of a complete response, with its content in `message`.
struct OpenAIChoice: Sendable {
    var index: Int?
    var text: String?
    var reasoning: String?
    var refusal: String?
    var calls: [ToolCallIndexer.Piece] = []
    var logprobs: RawJSON?
    var finishReason: String?
    /// Whether the content is in `message`.
    var isWhole = false
    var error = ErrorBody()
    /// A call in the form before `tool_calls`.
    private var functionCall: ToolCallIndexer.Piece?
    /// Reasoning as a list of details, which repeats other reasoning.
    private var details: String?

    /// Reads an object; skips another value.
    init(from json: inout JSONScanner) throws {
        try json.objectOrSkip { try read($0, &$1) }
        if calls.isEmpty, let functionCall { calls = [functionCall] }
        reasoning = reasoning ?? details
    }

    private mutating func read(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "index": index = try json.nonEmptyTextOrNumber().flatMap { Int($0) }
        case "delta": try json.objectOrSkip { try readContent($0, &$1) }
        case "message":
            isWhole = json.isObject()
            try json.objectOrSkip { try readContent($0, &$1) }
        case "finish_reason": finishReason = try Self.reason(&json) ?? finishReason
        case "text": text.add(try json.optionalString())
        case "logprobs":
            try json.objectOrSkip { name, json in
                guard case "content" = name, json.isArray() else { return try json.skip() }
                logprobs = try json.rawJSON()
            }
        case "error", "errors": _ = try error.read(name, &json)
        default: try json.skip()
        }
    }

    /// Reads a finish reason; some servers write "null" for none.
    private static func reason(_ json: inout JSONScanner) throws -> String? {
        guard let reason = try json.nonEmptyText()?.lowercased(), reason != "null", reason != "none" else { return nil }
        return reason
    }

    private mutating func readContent(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "content":
            guard json.kind != .text else { return text.add(try json.optionalString()) }
            var typed = TypedText()
            try typed.read(&json, as: .text)
            text.add(typed.text)
            refusal.add(typed.refusal)
            if reasoning == nil { reasoning = typed.thought }
        case "reasoning_content", "reasoning", "reasoning_text", "thinking":
            var typed = TypedText()
            try typed.read(&json, as: .thought)
            // Some servers write one text under two names.
            if reasoning == nil { reasoning = typed.thought }
        case "reasoning_details", "thinking_blocks":
            var typed = TypedText()
            try typed.read(&json, as: .thought)
            details = typed.thought
        case "refusal": refusal.add(try json.optionalString())
        case "tool_calls":
            if json.isObject() { return calls.append(try Self.call(&json)) }
            guard json.isArray() else { return try json.skip() }
            try json.array { calls.append(try Self.call(&$0)) }
        case "function_call":
            guard json.isObject() else { return try json.skip() }
            var call = ToolCallIndexer.Piece(index: 0)
            try json.object { try Self.readFunction(&call, $0, &$1) }
            if call.name != nil || call.arguments != nil { functionCall = call }
        default: try json.skip()
        }
    }

    private static func call(_ json: inout JSONScanner) throws -> ToolCallIndexer.Piece {
        var call = ToolCallIndexer.Piece()
        try json.objectOrSkip { name, json in
            switch name {
            case "index": call.index = try json.nonEmptyTextOrNumber().flatMap { Int($0) }
            case "id": call.id = try json.nonEmptyTextOrNumber()
            case "function": try json.objectOrSkip { try readFunction(&call, $0, &$1) }
            case "extra_content": if json.isObject() { call.metadata = try json.rawJSON() } else { try json.skip() }
            default: try readFunction(&call, name, &json)
            }
        }
        return call
    }

    private static func readFunction(
        _ call: inout ToolCallIndexer.Piece,
        _ name: JSONScanner.Name,
        _ json: inout JSONScanner
    ) throws {
        switch name {
        case "name": call.name = try json.nonEmptyText()
        case "arguments":
            // Some servers send an object instead of its text.
            call.arguments = try json.isObject() ? json.rawJSON().text : json.optionalString()
        default: try json.skip()
        }
    }
}
