import Contracts
import ContractsJSON
import JSON
import NIOCore

/// A message for `POST /api/chat`: text and images are separate, arguments are an object, and results name their tools.
struct OllamaMessage: JSONWritable, Equatable {
    /// Longer arguments are not parsed as JSON: a tree takes many times the memory of its text.
    private static let parsedLimit = 1 << 20

    /// An earlier tool call of the model.
    struct Call: Equatable {
        var id: String
        var name: String
        /// A JSON object.
        var arguments: String
    }

    var role: String
    var content: String
    /// Each image as base64.
    var images: [String] = []
    var calls: [Call] = []
    var toolName: String?
    var toolCallID: String?

    /// Converts the messages of a conversation.
    ///
    /// Throws `invalid` for the address of an image, and for audio.
    static func all(_ messages: [Inference.Message]) throws(Fault) -> [OllamaMessage] {
        var all: [OllamaMessage] = []
        for message in messages { all.append(try OllamaMessage(message)) }
        return all
    }

    init(_ message: Inference.Message) throws(Fault) {
        role = message.role.isInstruction ? "system" : message.role.rawValue
        content = ""
        calls = (message.toolCalls ?? []).map { call in
            Call(id: call.id, name: call.function.name, arguments: Self.object(call.function.arguments))
        }
        if message.role == .tool {
            // ``ToolHistory`` has set the name.
            toolName = message.name
            toolCallID = message.toolCallID
        }
        switch message.content {
        case .text(let text): content = text
        case .parts(let parts): try take(parts)
        case nil: break
        }
    }

    private mutating func take(_ parts: [Inference.Part]) throws(Fault) {
        var texts: [String] = []
        for part in parts {
            switch part.type {
            case .text, .refusal: texts.append(part.text ?? part.refusal ?? "")
            case .image: images.append(try InlineImage(part.image?.url ?? "").base64)
            case .audio:
                throw Fault(
                    .invalid,
                    "Ollama does not support audio in chats. Send text, or choose a model of another provider."
                )
            }
        }
        content = texts.joined(separator: "\n")
    }

    /// Converts arguments to an object; another value becomes a member of a new object.
    static func object(_ arguments: String) -> String {
        let text = ByteBuffer(string: arguments.utf8.count <= parsedLimit ? arguments : "")
        let (raw, isObject) = text.withUnsafeReadableBytes { bytes -> (String?, Bool) in
            do {
                var json = JSONScanner(bytes)
                let isObject = json.isObject()
                let raw = try json.rawJSON()
                try json.end()
                return (raw.text, isObject)
            } catch {
                return (nil, false)
            }
        }
        if let raw { return isObject ? raw : "{\"value\":\(raw)}" }
        guard arguments.utf8.contains(where: { $0 > 0x20 }) else { return "{}" }
        var wrapped = ByteBuffer(string: "{\"value\":")
        JSONText.write(arguments, to: &wrapped)
        wrapped.writeStaticString("}")
        return String(buffer: wrapped)
    }

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.field("role", role)
            json.field("content", content)
            if !images.isEmpty { json.array("images", images) { $0.text($1) } }
            if !calls.isEmpty {
                json.array("tool_calls", calls) { json, call in
                    json.object { json in
                        json.field("id", call.id)
                        json.object("function") { json in
                            json.field("name", call.name)
                            json.raw("arguments", call.arguments)
                        }
                    }
                }
            }
            if let toolName { json.field("tool_name", toolName) }
            if let toolCallID { json.field("tool_call_id", toolCallID) }
        }
    }
}
