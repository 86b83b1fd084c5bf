import JSON
import NIOCore

/// The choice of a tool, from OpenAI's format.
enum ToolChoice: Sendable, Equatable {
    /// The model decides.
    case auto
    /// No tool.
    case none
    /// At least one tool.
    case required
    /// The tool with a name.
    case named(String)
    /// One of the tools with these names, if any; `isRequired` requires a call.
    case allowed([String], isRequired: Bool)
    /// A choice that only the provider may understand.
    case other

    /// Whether the answer must be a call.
    var requiresCall: Bool {
        switch self {
        case .required, .named, .allowed(_, isRequired: true): true
        case .auto, .none, .allowed, .other: false
        }
    }

    /// Reads `"auto"`, `"none"`, `"required"`, `{"type":"function","function":{"name":…}}` or
    /// `{"type":"allowed_tools","allowed_tools":{"mode":…,"tools":[…]}}`; another value is ``other``.
    init(from json: inout JSONScanner) throws {
        guard json.isObject() else {
            switch try json.stringOrScalar() {
            case "auto", "null": self = .auto
            case "none": self = .none
            case "required", "any": self = .required
            default: self = .other
            }
            return
        }
        var object = Object()
        try json.object { try object.read($0, &$1) }
        self = object.choice
    }

    /// The members of a choice that is an object.
    private struct Object {
        private var name: String?
        private var names: [String]?
        private var mode: String?

        var choice: ToolChoice {
            if let names { return .allowed(names, isRequired: mode == "required") }
            return name.map(ToolChoice.named) ?? .other
        }

        mutating func read(_ key: JSONScanner.Name, _ json: inout JSONScanner) throws {
            switch key {
            case "function": name = try Self.name(&json) ?? name
            case "name": name = try json.optionalString() ?? name
            case "allowed_tools": try json.objectOrSkip { try read($0, &$1) }
            case "mode": mode = try json.optionalString()
            case "tools":
                guard json.isArray() else { return try json.skip() }
                var list: [String] = []
                try json.array { json in
                    var tool = Object()
                    try json.objectOrSkip { try tool.readTool($0, &$1) }
                    if let name = tool.name { list.append(name) }
                }
                names = list
            default: try json.skip()
            }
        }

        private mutating func readTool(_ key: JSONScanner.Name, _ json: inout JSONScanner) throws {
            switch key {
            case "function": name = try Self.name(&json) ?? name
            case "name": name = try json.optionalString() ?? name
            default: try json.skip()
            }
        }

        private static func name(_ json: inout JSONScanner) throws -> String? {
            var name: String?
            try json.objectOrSkip { key, json in
                if case "name" = key { name = try json.optionalString() } else { try json.skip() }
            }
            return name
        }
    }
}
