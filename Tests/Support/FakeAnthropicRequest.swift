/// The body of `POST /v1/messages`, reduced to the fields that the fake uses.
struct FakeAnthropicRequest: Decodable {
    var model: String
    var max_tokens: Int
    var messages: [Message]
    var system: Content?
    var stream: Bool?
    var tools: [Tool]?
    var tool_choice: Choice?
    var thinking: Thinking?
    var output_config: Output?
    var stop_sequences: [String]?

    struct Message: Decodable {
        var role: String
        var content: Content
    }

    /// A text, or blocks.
    struct Content: Decodable {
        var blocks: [Block]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                blocks = [Block(type: "text", text: text)]
            } else {
                blocks = try container.decode([Block].self)
            }
        }

        var text: String { blocks.compactMap(\.text).joined(separator: " ") }
    }

    struct Block: Decodable {
        var type: String
        var text: String?
        var source: Source?
        var content: Content?

        struct Source: Decodable {
            var media_type: String?
        }
    }

    struct Tool: Decodable {
        var name: String
        var input_schema: FakeSchema?
    }

    struct Choice: Decodable {
        var type: String
        var name: String?
        var disable_parallel_tool_use: Bool?
    }

    struct Thinking: Decodable {
        var type: String
        var display: String?
    }

    struct Output: Decodable {
        var format: Format?

        struct Format: Decodable {
            var schema: FakeSchema
        }
    }

    /// Whether the model thinks: the newest one does unless the request forbids it.
    func thinks(by model: FakeAnthropicModel) -> Bool {
        switch thinking?.type {
        case "enabled", "adaptive": true
        case nil: model.thinking == .adaptive
        default: false
        }
    }

    /// The conversation in the form that all fakes share.
    var dialogue: FakeModelTurn {
        var dialogue = FakeModelTurn(model: model)
        let last = messages.lastIndex { message in
            message.role == "user" && message.content.blocks.contains { $0.type != "tool_result" }
        }
        if let last {
            let blocks = messages[last].content.blocks
            dialogue.text = blocks.compactMap(\.text).joined(separator: " ")
            dialogue.images = blocks.filter { $0.type == "image" }.map { $0.source?.media_type ?? "image" }
        }
        dialogue.toolResults = messages[(last ?? 0)...].flatMap(\.content.blocks).filter { $0.type == "tool_result" }
            .map { $0.content?.text ?? "" }
        let choice = tool_choice
        dialogue.tools =
            choice?.type == "none"
            ? []
            : (tools ?? []).filter { choice?.name == nil || choice?.name == $0.name }
                .map { FakeModelTurn.Tool(name: $0.name, schema: $0.input_schema) }
        dialogue.callsOneOnly = choice?.disable_parallel_tool_use == true
        if let format = output_config?.format { dialogue.form = .schema(format.schema) }
        // The API has no format without a schema, so the instruction asks for it.
        if dialogue.form == nil, system?.text.contains("JSON") == true { dialogue.form = .json }
        dialogue.tokenLimit = max_tokens
        dialogue.stops = stop_sequences ?? []
        dialogue.promptTokens = messages.reduce(system?.text.wordCount ?? 0) { $0 + $1.content.text.wordCount + 3 }
        return dialogue
    }
}
