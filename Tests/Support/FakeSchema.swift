/// The part of a JSON schema, in any dialect, that a fake model needs to create a matching value.
package struct FakeSchema: Decodable, Sendable {
    private var type: String?
    private var properties: [String: FakeSchema]
    private var items: [FakeSchema]
    private var words: [String]

    private enum CodingKeys: String, CodingKey {
        case type, properties, items
        case words = "enum"
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // `"string"`, Gemini's `"STRING"`, or `["string", "null"]`.
        let types = (try? container.decode([String].self, forKey: .type)) ?? []
        type = (types.first ?? (try? container.decode(String.self, forKey: .type)))?.lowercased()
        properties = try container.decodeIfPresent([String: FakeSchema].self, forKey: .properties) ?? [:]
        items = (try container.decodeIfPresent(FakeSchema.self, forKey: .items)).map { [$0] } ?? []
        words = (try? container.decode([String].self, forKey: .words)) ?? []
    }

    /// Returns the JSON of a matching value, always the same; `name` is the property that holds it.
    package func sample(named name: String = "value") -> String {
        if let word = words.first { return word.inJSON }
        switch type {
        case "integer": return "7"
        case "number": return "1.5"
        case "boolean": return "true"
        case "null": return "null"
        case "array": return "[\(items.map { $0.sample(named: name) }.joined(separator: ","))]"
        case "string": return "a “\(name)”".inJSON
        default:
            let members = properties.sorted { $0.key < $1.key }
                .map { "\($0.key.inJSON):\($0.value.sample(named: $0.key))" }
            return "{\(members.joined(separator: ","))}"
        }
    }
}
