import Foundation

/// The supported part of the body of `POST /v1/chat/completions`.
struct FakeOpenAIRequest: Decodable {
    var model: String?
    var messages: [Message]?
    var stream: Bool?
    var stream_options: StreamOptions?
    var tools: [Tool]?
    var tool_choice: Choice?
    var parallel_tool_calls: Bool?
    var response_format: Format?
    var max_tokens: Int?
    var max_completion_tokens: Int?
    var stop: Texts?
    var logprobs: Bool?
    var top_logprobs: Int?

    struct Message: Decodable {
        var role: String
        var content: Content?
        var tool_calls: [Call]?
        var tool_call_id: String?
    }

    struct Call: Decodable {
        var id: String
        var type: String
        var function: Function

        struct Function: Decodable {
            var name: String
            var arguments: String
        }
    }

    struct StreamOptions: Decodable { var include_usage: Bool? }

    struct Tool: Decodable {
        var type: String
        var function: Function

        struct Function: Decodable {
            var name: String
            var parameters: FakeSchema?
        }
    }

    struct Format: Decodable {
        var type: String
        var json_schema: JSONSchema?

        struct JSONSchema: Decodable {
            var name: String
            var schema: FakeSchema?
        }
    }

    /// A string, or an array of parts.
    struct Content: Decodable {
        var text: String
        var images: [String] = []

        private struct Part: Decodable {
            var type: String
            var text: String?
            var image_url: Image?
        }

        private struct Image: Decodable { var url: String }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self.text = text
                return
            }
            let parts = try container.decode([Part].self)
            text = parts.compactMap(\.text).joined(separator: " ")
            images = parts.compactMap { part in
                part.image_url.map { image in
                    image.url.hasPrefix("data:") ? String(image.url.dropFirst(5).prefix { $0 != ";" }) : "an image"
                }
            }
        }
    }

    /// A string, or an array of strings.
    struct Texts: Decodable {
        var texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                texts = [text]
            } else {
                texts = try container.decode([String].self)
            }
        }
    }

    /// Texts, or numbers of tokens, which stand for texts of the numbers.
    struct Input: Decodable {
        var texts: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let numbers = try? container.decode([Int].self), !numbers.isEmpty {
                texts = [Self.text(numbers)]
            } else if let numbers = try? container.decode([[Int]].self), !numbers.isEmpty {
                texts = numbers.map(Self.text)
            } else {
                texts = try Texts(from: decoder).texts
            }
        }

        private static func text(_ numbers: [Int]) -> String {
            numbers.map(String.init).joined(separator: " ")
        }
    }

    /// A mode, or the function that must be called.
    struct Choice: Decodable {
        var word: String?
        var function: String?

        private struct Named: Decodable {
            var function: Function
            struct Function: Decodable { var name: String }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            word = try? container.decode(String.self)
            if word == nil { function = try container.decode(Named.self).function.name }
        }
    }

    /// The request to the model.
    func dialogue(_ messages: [Message]) -> FakeModelTurn {
        var dialogue = FakeModelTurn(model: model ?? "")
        let last = messages.lastIndex { $0.role == "user" }
        if let last {
            dialogue.text = messages[last].content?.text ?? ""
            dialogue.images = messages[last].content?.images ?? []
        }
        dialogue.toolResults = messages[(last ?? 0)...].filter { $0.role == "tool" }.map { $0.content?.text ?? "" }
        let offered = (tools ?? []).map { FakeModelTurn.Tool(name: $0.function.name, schema: $0.function.parameters) }
        if let name = tool_choice?.function {
            dialogue.tools = offered.filter { $0.name == name }
        } else if tool_choice?.word != "none" {
            dialogue.tools = offered
        }
        dialogue.callsOneOnly = parallel_tool_calls == false
        switch response_format?.type {
        case "json_object": dialogue.form = .json
        case "json_schema": dialogue.form = response_format?.json_schema?.schema.map { .schema($0) } ?? .json
        default: break
        }
        dialogue.tokenLimit = max_completion_tokens ?? max_tokens
        dialogue.stops = stop?.texts ?? []
        dialogue.promptTokens = messages.reduce(0) { $0 + ($1.content?.text.wordCount ?? 0) + 3 }
        return dialogue
    }
}
