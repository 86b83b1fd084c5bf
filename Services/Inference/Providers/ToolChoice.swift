import JSON
import NIOCore

/// Which tool a model is to call, read from OpenAI's form.
enum ToolChoice: Equatable {
    /// As the model likes.
    case auto
    /// None.
    case none
    /// Any, but one.
    case required
    /// This one.
    case named(String)

    /// Reads `"auto"`, `"none"`, `"required"` or `{"type":"function","function":{"name":…}}`; what is none of them, or
    /// not there, leaves it to the model.
    init(_ json: ByteBuffer?) {
        self = .auto
        json?.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            // Whatever cannot be read leaves it to the model as well.
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
