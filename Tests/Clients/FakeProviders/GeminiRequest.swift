import TestSupport

/// The body of `:generateContent` as Parley writes it, reduced to the fields that the fake uses.
struct GeminiRequest: Decodable {
    var contents: [Content]
    var tools: [Tools]?
    var toolConfig: ToolConfig?
    var generationConfig: Configuration?

    struct Content: Decodable {
        var role: String?
        var parts: [Part]

        var text: String { parts.compactMap(\.text).joined(separator: " ") }
    }

    struct Part: Decodable {
        var text: String?
        var inlineData: Data?
        var functionResponse: Response?

        struct Data: Decodable { var mimeType: String }

        struct Response: Decodable {
            var name: String
            var response: [String: String]
        }
    }

    struct Tools: Decodable {
        var functionDeclarations: [Function]?

        struct Function: Decodable {
            var name: String
            var parametersJsonSchema: FakeSchema?
            var parameters: FakeSchema?
        }
    }

    struct ToolConfig: Decodable {
        var functionCallingConfig: Calling?

        struct Calling: Decodable {
            var mode: String?
            var allowedFunctionNames: [String]?
        }
    }

    struct Configuration: Decodable {
        var maxOutputTokens: Int?
        var stopSequences: [String]?
        var responseMimeType: String?
        var responseJsonSchema: FakeSchema?
        var responseSchema: FakeSchema?
    }

    /// The conversation in the form that all fakes share.
    func dialogue(model: String) -> FakeModelTurn {
        var dialogue = FakeModelTurn(model: model)
        let last = contents.lastIndex { $0.role != "model" && $0.parts.contains { $0.functionResponse == nil } }
        if let last {
            dialogue.text = contents[last].text
            dialogue.images = contents[last].parts.compactMap(\.inlineData?.mimeType)
        }
        dialogue.toolResults = contents[(last ?? 0)...].flatMap(\.parts).compactMap(\.functionResponse)
            .map { $0.response.values.joined() }
        let calling = toolConfig?.functionCallingConfig
        dialogue.tools =
            calling?.mode == "NONE"
            ? []
            : (tools ?? []).flatMap { $0.functionDeclarations ?? [] }
                .filter { calling?.allowedFunctionNames?.contains($0.name) ?? true }
                .map { FakeModelTurn.Tool(name: $0.name, schema: $0.parametersJsonSchema ?? $0.parameters) }
        let configuration = generationConfig
        if let schema = configuration?.responseJsonSchema ?? configuration?.responseSchema {
            dialogue.form = .schema(schema)
        } else if configuration?.responseMimeType == "application/json" {
            dialogue.form = .json
        }
        dialogue.tokenLimit = configuration?.maxOutputTokens
        dialogue.stops = configuration?.stopSequences ?? []
        dialogue.promptTokens = contents.reduce(0) { $0 + $1.text.wordCount + 3 }
        return dialogue
    }
}
