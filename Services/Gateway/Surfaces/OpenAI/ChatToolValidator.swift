import JSON
import NIOCore

/// Validates tools and the response format, and copies them as bytes.
enum ChatToolValidator {
    private static let countLimit = 128

    /// `tools`: functions with a name.
    static func tools(_ reader: ParameterReader, _ json: inout JSONScanner) throws -> ByteBuffer? {
        guard try !reader.skipsNothing(&json) else { return nil }
        guard json.kind == .array else {
            throw ParameterReader.wrongType("tools", "an array of objects", json.kind.phrase)
        }
        let raw = try reader.raw(&json)
        var count = 0
        try raw.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            try json.array { json in
                try check(&json, at: "tools[\(count)]")
                count += 1
            }
        }
        guard count <= countLimit else {
            throw OpenAIError.Parameter(
                param: "tools",
                code: "array_above_max_length",
                message: "Invalid 'tools': array too long. Expected an array with maximum length \(countLimit), "
                    + "but got an array with length \(count) instead."
            )
        }
        return count == 0 ? nil : raw
    }

    private static func check(_ json: inout JSONScanner, at place: String) throws {
        guard json.kind == .object else { throw ParameterReader.wrongType(place, "an object", json.kind.phrase) }
        var (type, name): (String?, String?)
        try json.object { key, json in
            switch key {
            case "type": type = try json.optionalString()
            case "function":
                try json.objectOrSkip { key, json in
                    switch key {
                    case "name": name = try json.optionalString()
                    case "parameters" where json.kind != .object && json.kind != .null:
                        throw ParameterReader.wrongType(
                            "\(place).function.parameters",
                            "an object",
                            json.kind.phrase
                        )
                    default: try json.skip()
                    }
                }
            default: try json.skip()
            }
        }
        guard let type else { throw ParameterReader.missing("\(place).type") }
        guard type == "function" else { throw ParameterReader.invalid("\(place).type", type, "'function'") }
        guard let name, !name.isEmpty else { throw ParameterReader.missing("\(place).function.name") }
        try checkName(name, "\(place).function.name")
    }

    private static func checkName(_ name: String, _ place: String) throws {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 64 else {
            throw OpenAIError.Parameter(
                param: place,
                code: "invalid_value",
                message: "Invalid '\(place)': string does not match pattern. "
                    + "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
            )
        }
    }

    /// `tool_choice`: a value from a fixed list, or a function by its name.
    static func choice(_ reader: ParameterReader, _ json: inout JSONScanner) throws -> ByteBuffer? {
        guard try !reader.skipsNothing(&json) else { return nil }
        switch json.kind {
        case .text:
            let raw = try reader.raw(&json)
            guard ["\"auto\"", "\"none\"", "\"required\""].contains(String(buffer: raw)) else {
                let word = String(buffer: raw).dropFirst().dropLast()
                throw ParameterReader.invalid("tool_choice", word, "'none', 'auto', and 'required'")
            }
            return raw
        case .object:
            let raw = try reader.raw(&json)
            try checkChoice(raw)
            return raw
        default: throw ParameterReader.wrongType("tool_choice", "one of a string or object", json.kind.phrase)
        }
    }

    /// Checks a choice that names a function, or a selection of the tools.
    private static func checkChoice(_ raw: ByteBuffer) throws {
        var (type, name): (String?, String?)
        var hasSelection = false
        try raw.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            try json.object { key, json in
                switch key {
                case "type": type = try json.optionalString()
                case "function":
                    try json.objectOrSkip { key, json in
                        if case "name" = key { name = try json.optionalString() } else { try json.skip() }
                    }
                case "allowed_tools":
                    hasSelection = json.kind == .object
                    try json.skip()
                default: try json.skip()
                }
            }
        }
        switch type {
        case "function":
            guard let name, !name.isEmpty else { throw ParameterReader.missing("tool_choice.function.name") }
            try checkName(name, "tool_choice.function.name")
        case "allowed_tools":
            guard hasSelection else { throw ParameterReader.missing("tool_choice.allowed_tools") }
        case let type?: throw ParameterReader.invalid("tool_choice.type", type, "'function' and 'allowed_tools'")
        case nil: throw ParameterReader.missing("tool_choice.type")
        }
    }

    /// `response_format`; `nil` for plain text.
    static func format(_ reader: ParameterReader, _ json: inout JSONScanner) throws -> ByteBuffer? {
        guard try !reader.skipsNothing(&json) else { return nil }
        guard json.kind == .object else {
            throw ParameterReader.wrongType("response_format", "an object", json.kind.phrase)
        }
        let raw = try reader.raw(&json)
        var type: String?
        var hasSchema = false
        try raw.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            try json.object { key, json in
                switch key {
                case "type": type = try json.optionalString()
                case "json_schema":
                    hasSchema = json.kind == .object
                    try json.skip()
                default: try json.skip()
                }
            }
        }
        switch type {
        case "text", "": return nil
        case "json_object": return raw
        case "json_schema":
            guard hasSchema else { throw ParameterReader.missing("response_format.json_schema") }
            return raw
        case let type?:
            throw ParameterReader.invalid("response_format.type", type, "'json_object', 'json_schema', and 'text'")
        case nil: throw ParameterReader.missing("response_format.type")
        }
    }

    /// Rejects `functions` and `function_call`; an empty value is none.
    static func checkNoFunctions(_ reader: ParameterReader, _ json: inout JSONScanner) throws {
        guard try !reader.skipsNothing(&json) else { return }
        throw OpenAIError.Parameter(
            param: "functions",
            code: "unsupported_parameter",
            message: "Unsupported parameter: 'functions' is not supported. Use 'tools' instead."
        )
    }
}
