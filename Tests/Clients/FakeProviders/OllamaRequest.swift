import Foundation
import TestSupport

/// The body of `POST /api/chat`, reduced to the fields that the fake uses.
struct OllamaRequest: Decodable {
    var model: String
    var messages: [Message]?
    var stream: Bool?
    var tools: [Tool]?
    var format: Format?
    var options: Options?
    var logprobs: Bool?
    var top_logprobs: Int?

    struct Message: Decodable {
        var role: String
        var content: String?
        var images: [String]?
    }

    struct Tool: Decodable {
        var function: Function

        struct Function: Decodable {
            var name: String
            var parameters: FakeSchema?
        }
    }

    struct Options: Decodable {
        var num_predict: Int?
        var stop: [String]?
    }

    /// `"json"` or a JSON schema.
    struct Format: Decodable {
        var form: FakeModelTurn.Form?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self) {
                form = word == "json" ? .json : nil
            } else {
                form = .schema(try container.decode(FakeSchema.self))
            }
        }
    }

    /// The conversation in the form that all fakes share.
    var dialogue: FakeModelTurn {
        let messages = messages ?? []
        var dialogue = FakeModelTurn(model: model)
        let last = messages.lastIndex { $0.role == "user" }
        if let last {
            dialogue.text = messages[last].content ?? ""
            dialogue.images = (messages[last].images ?? []).map(Self.type)
        }
        dialogue.toolResults = messages[(last ?? 0)...].filter { $0.role == "tool" }.map { $0.content ?? "" }
        dialogue.tools = (tools ?? []).map {
            FakeModelTurn.Tool(name: $0.function.name, schema: $0.function.parameters)
        }
        dialogue.form = format?.form
        dialogue.tokenLimit = options?.num_predict
        dialogue.stops = options?.stop ?? []
        dialogue.promptTokens = messages.reduce(0) { $0 + ($1.content ?? "").wordCount + 3 }
        return dialogue
    }

    /// The media type of an image, from its first bytes.
    private static func type(of base64: String) -> String {
        if base64.hasPrefix("iVBORw0KGgo") { return "image/png" }
        return base64.hasPrefix("/9j/") ? "image/jpeg" : "no image"
    }
}
