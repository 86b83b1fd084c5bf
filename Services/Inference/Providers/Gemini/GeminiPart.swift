import JSON

/// A part of a request to Gemini.
enum GeminiPart: Equatable, Sendable {
    case text(String, signature: String? = nil)
    /// A file as base64.
    case data(String, type: String)
    /// A file by its address.
    case file(String, type: String?)
    /// An earlier tool call of the model; the arguments are a JSON object.
    case call(id: String, name: String, arguments: String, signature: String? = nil)
    /// The result of a tool; the response is a JSON object.
    case result(id: String, name: String, response: String)

    func write(to json: inout JSONWriter) {
        json.object { json in
            switch self {
            case .text(let text, let signature):
                json.field("text", text)
                if let signature { json.field("thoughtSignature", signature) }
            case .data(let data, let type):
                json.object("inlineData") { json in
                    json.field("mimeType", type)
                    json.field("data", data)
                }
            case .file(let url, let type):
                json.object("fileData") { json in
                    if let type { json.field("mimeType", type) }
                    json.field("fileUri", url)
                }
            case .call(let id, let name, let arguments, let signature):
                json.object("functionCall") { json in
                    if !id.isEmpty { json.field("id", id) }
                    json.field("name", name)
                    json.raw("args", arguments)
                }
                if let signature { json.field("thoughtSignature", signature) }
            case .result(let id, let name, let response):
                json.object("functionResponse") { json in
                    if !id.isEmpty { json.field("id", id) }
                    json.field("name", name)
                    json.raw("response", response)
                }
            }
        }
    }
}

/// A turn of one side.
struct GeminiContent: Equatable, Sendable {
    /// The side; Gemini has two roles, but results of tools are separate from texts of the user.
    enum Side: Equatable {
        case user
        case tools
        case model
    }

    var side: Side
    var parts: [GeminiPart]

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("role", side == .model ? "model" : "user")
            json.array("parts", parts) { $1.write(to: &$0) }
        }
    }
}
