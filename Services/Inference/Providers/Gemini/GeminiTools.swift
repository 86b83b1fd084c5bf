import Contracts
import ContractsJSON
import JSON
import NIOCore

/// Converts tools, the choice of a tool and the response format from OpenAI's to Gemini's format.
///
/// Schemas are passed unchanged.
struct GeminiTools: Sendable {
    /// Maximum size of a value that is validated, in bytes.
    private static let validatedLimit = 1 << 20

    /// A tool that the model may call.
    struct Declaration: Sendable, Equatable {
        var name = ""
        var description: String?
        /// The JSON schema of the arguments; `nil` if there are none.
        var parameters: String?
    }

    private(set) var declarations: [Declaration] = []
    /// `AUTO`, `NONE` or `ANY`; `nil` for Gemini's default.
    private(set) var mode: String?
    /// The name of the required tool.
    private(set) var required: String?
    private(set) var isJSON = false
    /// The JSON schema of the answer.
    private(set) var schema: String?

    /// Throws a ``ProviderError`` for invalid or unsupported values.
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
            throw ProviderError(.rejected, Fault(.invalid, "\(name) is not in OpenAI's format."))
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
                        if json.isObject() { tool.parameters = try Self.text(&json) } else { try json.skip() }
                    default: try json.skip()
                    }
                }
            default: try json.skip()
            }
        }
        guard type == nil || type == "function", !tool.name.isEmpty else {
            throw Self.unsupported("Gemini supports only tools of the type function, each with a name.")
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
                throw Self.unsupported("Gemini supports the tool choices auto, none, required and one function.")
            }
            mode = "ANY"
            return
        }
        switch try json.stringOrScalar() {
        case "auto": mode = "AUTO"
        case "none": mode = "NONE"
        case "required": mode = "ANY"
        case "null": mode = nil
        default: throw Self.unsupported("Gemini supports the tool choices auto, none, required and one function.")
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
                    schema = try Self.text(&json)
                }
            default: try json.skip()
            }
        }
        isJSON = type == "json_object" || type == "json_schema"
        if type != "json_schema" { schema = nil }
    }

    /// The text of a value.
    ///
    /// A long one is not validated, because a tree takes many times the memory of its text. Gemini validates it anyway.
    private static func text(_ json: inout JSONScanner) throws -> String {
        var copy = json
        if try copy.raw().count <= validatedLimit { return try json.rawJSON().text }
        guard let text = String(validating: try json.raw(), as: UTF8.self) else { throw JSONScanner.Malformed() }
        return text
    }

    private static func unsupported(_ message: String) -> ProviderError {
        ProviderError(.unsupported, Fault(.invalid, message))
    }

    /// Writes the members `tools` and `toolConfig`, if there are tools.
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
