import Bus
import NIOCore

/// One line of Ollama's chat stream: some more text, the end, or an error.
struct OllamaChatLine: Equatable {
    var text = ""
    var isDone = false
    var doneReason: String?
    var promptTokens: Int?
    var completionTokens: Int?
    var error: String?

    /// Reads a line; members that are not known, `thinking` among them, are passed over.
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
            try scanner.objectIfAny { name, scanner in
                if case "content" = name { text = try scanner.text() ?? "" } else { try scanner.skip() }
            }
        case "done": isDone = try scanner.isTrue()
        case "done_reason": doneReason = try scanner.text()
        case "prompt_eval_count": promptTokens = try scanner.count()
        case "eval_count": completionTokens = try scanner.count()
        case "error": error = try scanner.words()
        default: try scanner.skip()
        }
    }
}
