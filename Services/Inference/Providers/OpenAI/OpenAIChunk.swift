import JSON
import NIOCore

/// A chunk of OpenAI's stream, or a complete response: both have the same members.
///
/// Unknown members and values of the wrong type are ignored, because compatible servers differ in details.
struct OpenAIChunk: Sendable {
    /// The choice with index 0; `nil` if the chunk has none.
    var choice: OpenAIChoice?
    var usage = UsageCounts()
    private var body = ErrorBody()

    /// Throws ``JSONScanner/Malformed`` for anything but a JSON object.
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

    /// The error that the chunk contains.
    ///
    /// A message or a code beside a choice or a usage is none, unless the chunk calls it an error.
    var error: ErrorReport? {
        if let choice, choice.error.isDeclared { return choice.error.report }
        let isError = body.isDeclared || (choice == nil && usage.isEmpty && body.hasContent)
        return isError ? body.report : nil
    }

    private mutating func read(_ name: JSONScanner.Name, _ json: inout JSONScanner) throws {
        switch name {
        case "id", "created", "model", "system_fingerprint", "service_tier", "obfuscation": try json.skip()
        case "choices": try readChoices(&json)
        case "usage": if json.isObject() { usage = try UsageCounts(openAI: &json) } else { try json.skip() }
        default: if try !body.read(name, &json) { try json.skip() }
        }
    }

    /// Reads only the choice with index 0, because requests never ask for more; a choice without an index counts as 0.
    private mutating func readChoices(_ json: inout JSONScanner) throws {
        guard json.isArray() else { return try json.skip() }
        try json.array { json in
            guard json.isObject() else { return try json.skip() }
            let other = try OpenAIChoice(from: &json)
            if choice == nil, (other.index ?? 0) == 0 { choice = other }
        }
    }
}
