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
    private var body = ErrorBody()
    /// Whether the line is a part of an answer, or its end.
    private var isAnswer = false

    /// The error, if the line is one in any spelling.
    var error: ErrorReport? { body.isDeclared || (!isAnswer && body.hasContent) ? body.report : nil }

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
        case "model", "created_at", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration":
            try scanner.skip()
        case "message" where scanner.isObject():
            isAnswer = true
            try scanner.object { try readMessage($0, &$1) }
        case "logprobs": logprobs = try OllamaLogprobs.read(&scanner)
        case "done":
            isDone = try scanner.isTrue()
            isAnswer = isAnswer || isDone
        case "done_reason": doneReason = try scanner.nonEmptyText()
        case "prompt_eval_count": promptTokens = try scanner.count()
        case "eval_count": completionTokens = try scanner.count()
        default: if try !body.read(name, &scanner) { try scanner.skip() }
        }
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
        case "id": call.id = try scanner.nonEmptyText()
        case "function":
            try scanner.objectOrSkip { name, scanner in
                switch name {
                case "name": call.name = try scanner.nonEmptyText()
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
