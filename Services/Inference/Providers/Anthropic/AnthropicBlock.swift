import JSON

/// A content block of a request.
enum AnthropicBlock: Equatable, Sendable {
    case text(String)
    case image(AnthropicImage)
    case thinking(String, signature: String)
    case redactedThinking(String)
    /// An earlier tool call of the model; the input is a JSON object.
    case call(id: String, name: String, input: String)
    /// The result of a tool: texts and images.
    case result(id: String, content: [AnthropicBlock], isError: Bool)

    /// Whether a cache entry may end after this block.
    var isCacheable: Bool {
        switch self {
        case .text, .image, .call, .result: true
        case .thinking, .redactedThinking: false
        }
    }

    var isThinking: Bool {
        switch self {
        case .thinking, .redactedThinking: true
        case .text, .image, .call, .result: false
        }
    }

    var isCall: Bool {
        if case .call = self { true } else { false }
    }

    /// The size of its text, in bytes.
    var textBytes: Int {
        switch self {
        case .text(let text), .thinking(let text, _), .redactedThinking(let text): text.utf8.count
        case .call(_, let name, let input): name.utf8.count + input.utf8.count
        case .result(_, let content, _): content.reduce(0) { $0 + $1.textBytes }
        // The number of tokens of the largest image, in bytes of text.
        case .image: 4096
        }
    }

    func write(to json: inout JSONWriter, isCached: Bool = false) {
        json.object { json in
            switch self {
            case .text(let text):
                json.field("type", "text")
                json.field("text", text)
            case .image(let image):
                json.field("type", "image")
                json.object("source") { image.write(to: &$0) }
            case .thinking(let text, let signature):
                json.field("type", "thinking")
                json.field("thinking", text)
                json.field("signature", signature)
            case .redactedThinking(let data):
                json.field("type", "redacted_thinking")
                json.field("data", data)
            case .call(let id, let name, let input):
                json.field("type", "tool_use")
                json.field("id", id)
                json.field("name", name)
                json.raw("input", input)
            case .result(let id, let content, let isError):
                json.field("type", "tool_result")
                json.field("tool_use_id", id)
                if !content.isEmpty { json.array("content", content) { $1.write(to: &$0) } }
                if isError { json.field("is_error", true) }
            }
            if isCached { AnthropicCache.mark(&json) }
        }
    }
}

/// A turn of one side.
struct AnthropicTurn: Equatable, Sendable {
    enum Role: String, Sendable {
        case user
        case assistant
    }

    var role: Role
    var blocks: [AnthropicBlock]

    /// Writes the message; a cache entry ends with the last suitable block if `isCached`.
    func write(to json: inout JSONWriter, isCached: Bool) {
        let marked = isCached ? blocks.lastIndex(where: \.isCacheable) : nil
        json.object { json in
            json.field("role", role.rawValue)
            json.array("content", Array(blocks.enumerated())) { json, block in
                block.element.write(to: &json, isCached: block.offset == marked)
            }
        }
    }
}
