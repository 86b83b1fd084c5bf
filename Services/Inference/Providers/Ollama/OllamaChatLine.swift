import Contracts
import ContractsJSON
import JSON
import NIOCore

/// A line of Ollama's chat stream: a part of the answer, its end, or an error.
struct OllamaChatLine: Equatable {
    /// A tool call; Ollama sends each call completely.
    struct Call: Equatable {
        var id: String?
        var name: String?
        var arguments = "{}"
    }

    var thinking = ""
    var text = ""
    var calls: [Call] = []
    /// The log probabilities in OpenAI's format.
    var logprobs: RawJSON?
    var isDone = false
    var doneReason: String?
    var promptTokens: Int?
    var completionTokens: Int?
    /// Whether the line has an error; ``OpenAIErrorBody`` reads it.
    var hasError = false
    /// Whether the line has a member of an answer.
    var isAnswer = false

    /// Reads a line; unknown members are ignored.
    init(_ line: ByteBuffer) throws {
        self = try line.withUnsafeReadableBytes { bytes in
            var scanner = JSONScanner(bytes)
            var line = OllamaChatLine()
            try scanner.object { try line.read($0, &$1) }
            try scanner.end()
            return line
        }
    }

    private init() {}

    private mutating func read(_ name: JSONScanner.Name, _ scanner: inout JSONScanner) throws {
        switch name {
        case "message":
            isAnswer = isAnswer || scanner.isObject()
            try scanner.objectOrSkip { try readMessage($0, &$1) }
        case "logprobs": logprobs = try OllamaLogprobs.read(&scanner)
        case "done":
            isAnswer = true
            isDone = try scanner.isTrue()
        case "done_reason": doneReason = try scanner.optionalString()
        case "prompt_eval_count": promptTokens = try scanner.count()
        case "eval_count": completionTokens = try scanner.count()
        case "error": hasError = try Self.isError(&scanner)
        default: try scanner.skip()
        }
    }

    /// Whether a value is an error: `null`, `false`, an empty text and an empty object are none.
    private static func isError(_ scanner: inout JSONScanner) throws -> Bool {
        let raw = try scanner.raw()
        return !["null", "false", "\"\"", "{}", "[]"].contains { raw.elementsEqual($0.utf8) }
    }

    private mutating func readMessage(_ name: JSONScanner.Name, _ scanner: inout JSONScanner) throws {
        switch name {
        case "content": text = try scanner.optionalString() ?? ""
        case "thinking": thinking = try scanner.optionalString() ?? ""
        case "tool_calls":
            guard scanner.isArray() else { return try scanner.skip() }
            try scanner.array { scanner in
                var call = Call()
                try scanner.objectOrSkip { try Self.read(&call, $0, &$1) }
                calls.append(call)
            }
        default: try scanner.skip()
        }
    }

    private static func read(_ call: inout Call, _ name: JSONScanner.Name, _ scanner: inout JSONScanner) throws {
        switch name {
        case "id": call.id = try scanner.optionalString()
        case "function":
            try scanner.objectOrSkip { name, scanner in
                switch name {
                case "name": call.name = try scanner.optionalString()
                case "arguments":
                    // An object according to the documentation; some models and proxies send its text.
                    let text = try scanner.isObject() ? scanner.rawJSON().text : scanner.optionalString() ?? ""
                    call.arguments = text.isEmpty ? "{}" : text
                default: try scanner.skip()
                }
            }
        default: try scanner.skip()
        }
    }
}
