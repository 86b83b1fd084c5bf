import JSON
import NIOCore

/// The format of an answer, from OpenAI's `response_format`.
enum ResponseFormat: Sendable, Equatable {
    case text
    /// A JSON object.
    case json
    /// JSON that matches a schema.
    case schema(Schema)

    /// A JSON schema with its name.
    struct Schema: Sendable, Equatable {
        var name: String?
        var description: String?
        /// The schema: a JSON object.
        var json: ByteBuffer
        /// Whether the schema must be in OpenAI's strict subset.
        var isStrict = false
    }

    /// Whether the answer is JSON.
    var isJSON: Bool { self != .text }

    /// The schema; `nil` for the other formats.
    var schema: Schema? {
        guard case .schema(let schema) = self else { return nil }
        return schema
    }

    /// Reads `{"type":"text"}`, `{"type":"json_object"}` or `{"type":"json_schema","json_schema":…}`.
    ///
    /// An unknown type is ``text``; a schema without its definition is ``json``.
    ///
    /// `bytes` are those that the scanner reads.
    init(from json: inout JSONScanner, in bytes: ByteBuffer) throws {
        var (type, definition): (String?, ByteBuffer?)
        var schema = Schema(json: ByteBuffer())
        try json.objectOrSkip { key, json in
            switch key {
            case "type": type = try json.optionalString()
            case "json_schema":
                try json.objectOrSkip { key, json in
                    switch key {
                    case "name": schema.name = try json.optionalString()
                    case "description": schema.description = try json.optionalString()
                    case "strict": schema.isStrict = try json.isTrue()
                    case "schema" where json.isObject():
                        let raw = try json.raw()
                        definition = bytes.getSlice(at: bytes.readerIndex + raw.startIndex, length: raw.count)
                    default: try json.skip()
                    }
                }
            default: try json.skip()
            }
        }
        switch type {
        case "json_schema":
            guard let definition else {
                self = .json
                return
            }
            schema.json = definition
            self = .schema(schema)
        case "json_object": self = .json
        default: self = .text
        }
    }

    /// What to tell a model whose API cannot require the format; `nil` for text.
    var instruction: String? {
        switch self {
        case .text: nil
        case .json: "Write the final answer as one JSON object, without other text and without Markdown."
        case .schema(let schema):
            "Write the final answer as JSON, without other text and without Markdown. "
                + "It must match this JSON schema: \(String(buffer: schema.json))"
        }
    }
}
