import JSON
import NIOCore

/// The choice of a tool, from OpenAI's format.
enum ToolChoice: Equatable {
    /// The model decides.
    case auto
    /// No tool.
    case none
    /// At least one tool.
    case required
    /// The tool with a name.
    case named(String)

    /// Reads `"auto"`, `"none"`, `"required"` or `{"type":"function","function":{"name":…}}`; other values and `nil` are
    /// ``auto``.
    init(_ json: ByteBuffer?) {
        self = .auto
        json?.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            // Invalid JSON is `auto` as well.
            do { self = try Self.read(&json) } catch {}
        }
    }

    private static func read(_ json: inout JSONScanner) throws -> ToolChoice {
        guard json.isObject() else {
            switch try json.optionalString() {
            case "none": return .none
            case "required", "any": return .required
            default: return .auto
            }
        }
        var name: String?
        try json.object { key, json in
            guard case "function" = key else { return try json.skip() }
            try json.objectOrSkip { key, json in
                if case "name" = key { name = try json.optionalString() } else { try json.skip() }
            }
        }
        return name.map(ToolChoice.named) ?? .auto
    }
}
