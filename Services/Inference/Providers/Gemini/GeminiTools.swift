import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Tools, the choice among them and the form of the answer, from OpenAI's words into Gemini's.
///
/// Schemas are passed on as the bytes that they came as.
struct GeminiTools: Sendable {
    /// A tool that the model may call.
    struct Declaration: Sendable, Equatable {
        var name = ""
        var description: String?
        /// A JSON schema; absent when the tool takes nothing.
        var parameters: String?
    }

    private(set) var declarations: [Declaration] = []
    /// `AUTO`, `NONE` or `ANY`; absent for Gemini's own choice.
    private(set) var mode: String?
    /// The one tool that is to be called.
    private(set) var required: String?
    private(set) var isJSON = false
    /// Of what form the JSON is to be.
    private(set) var schema: String?

    /// Throws a ``ProviderError`` that says what is wrong.
    init(_ prompt: Prompt) throws {
        if let tools = prompt.tools {
            try Self.read(tools, "tools") { json in try json.array { try readTool(&$0) } }
        }
        if let choice = prompt.toolChoice { try Self.read(choice, "toolChoice") { try readChoice(&$0) } }
        if let format = prompt.responseFormat { try Self.read(format, "responseFormat") { try readFormat(&$0) } }
    }

    private static func read(
        _ bytes: ByteBuffer,
        _ name: String,
        _ body: (inout JSONScanner) throws -> Void
    ) throws {
        do {
            try bytes.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try body(&json)
                try json.end()
            }
        } catch is JSONScanner.Malformed {
            throw ProviderError(Fault(.invalid, "\(name) does not have the form that OpenAI gives it."), .none)
        }
    }

    private mutating func readTool(_ json: inout JSONScanner) throws {
        var tool = Declaration()
        var type: String?
        try json.object { name, json in
            switch name {
            case "type": type = try json.optionalString()
            case "function":
                try json.object { name, json in
                    switch name {
                    case "name": tool.name = try json.optionalString() ?? ""
                    case "description": tool.description = try json.optionalString()
                    case "parameters":
                        if json.isObject() { tool.parameters = try json.rawJSON().text } else { try json.skip() }
                    default: try json.skip()
                    }
                }
            default: try json.skip()
            }
        }
        guard type == nil || type == "function", !tool.name.isEmpty else {
            throw Self.refused("Gemini takes tools of the type function, each with a name.")
        }
        declarations.append(tool)
    }

    private mutating func readChoice(_ json: inout JSONScanner) throws {
        if json.isObject() {
            try json.object { name, json in
                switch name {
                case "function":
                    try json.object { name, json in
                        if case "name" = name { required = try json.optionalString() } else { try json.skip() }
                    }
                default: try json.skip()
                }
            }
            guard let required, !required.isEmpty else {
                throw Self.refused("Gemini takes as toolChoice auto, none, required or one function.")
            }
            mode = "ANY"
            return
        }
        switch try json.stringOrScalar() {
        case "auto": mode = "AUTO"
        case "none": mode = "NONE"
        case "required": mode = "ANY"
        case "null": mode = nil
        default: throw Self.refused("Gemini takes as toolChoice auto, none, required or one function.")
        }
    }

    private mutating func readFormat(_ json: inout JSONScanner) throws {
        var type: String?
        try json.objectOrSkip { name, json in
            switch name {
            case "type": type = try json.optionalString()
            case "json_schema":
                try json.objectOrSkip { name, json in
                    guard case "schema" = name, json.isObject() else { return try json.skip() }
                    schema = try json.rawJSON().text
                }
            default: try json.skip()
            }
        }
        isJSON = type == "json_object" || type == "json_schema"
        if type != "json_schema" { schema = nil }
    }

    private static func refused(_ sentence: String) -> ProviderError {
        ProviderError(Fault(.invalid, sentence), .tryAnotherModel)
    }

    /// Writes the members `tools` and `toolConfig`, if there is a tool.
    func write(to json: inout JSONWriter) {
        guard !declarations.isEmpty else { return }
        json.array("tools", [declarations]) { json, declarations in
            json.object { json in
                json.array("functionDeclarations", declarations) { json, tool in
                    json.object { json in
                        json.field("name", tool.name)
                        if let description = tool.description { json.field("description", description) }
                        if let parameters = tool.parameters { json.raw("parametersJsonSchema", parameters) }
                    }
                }
            }
        }
        guard let mode else { return }
        json.object("toolConfig") { json in
            json.object("functionCallingConfig") { json in
                json.field("mode", mode)
                if let required { json.array("allowedFunctionNames", [required]) { $0.text($1) } }
            }
        }
    }
}
