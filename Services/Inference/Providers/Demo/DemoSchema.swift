/// As much of a JSON schema as the demo model can fill in; what it cannot read of one is as if it were not there.
struct DemoSchema: Decodable {
    var types: [String] = []
    /// From `enum` and `const`.
    var options: [DemoValue] = []
    var properties: [String: DemoSchema] = [:]
    var required: [String] = []
    /// What a list holds; at most one.
    var items: [DemoSchema] = []
    /// From `anyOf`, `oneOf` and `allOf`.
    var choices: [DemoSchema] = []
    /// `#/$defs/Step`.
    var reference: String?
    var definitions: [String: DemoSchema] = [:]
    var format: String?
    var minimum: Double?
    var maximum: Double?
    var minItems: Int?

    private enum Key: String, CodingKey {
        case type
        case options = "enum"
        case constant = "const"
        case properties
        case required
        case items
        case anyOf
        case oneOf
        case allOf
        case reference = "$ref"
        case definitions = "$defs"
        case olderDefinitions = "definitions"
        case format
        case minimum
        case maximum
        case minItems
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container: KeyedDecodingContainer<Key>
        // `true` is a schema as well, of anything.
        do { container = try decoder.container(keyedBy: Key.self) } catch { return }
        func read<Value: Decodable>(_ type: Value.Type, _ key: Key) -> Value? {
            do { return try container.decodeIfPresent(type, forKey: key) } catch { return nil }
        }
        types = read([String].self, .type) ?? read(String.self, .type).map { [$0] } ?? []
        options = read([DemoValue].self, .options) ?? read(DemoValue.self, .constant).map { [$0] } ?? []
        properties = read([String: DemoSchema].self, .properties) ?? [:]
        required = read([String].self, .required) ?? []
        items = read(DemoSchema.self, .items).map { [$0] } ?? []
        choices = [Key.anyOf, .oneOf, .allOf].flatMap { read([DemoSchema].self, $0) ?? [] }
        reference = read(String.self, .reference)
        definitions = read([String: DemoSchema].self, .definitions) ?? [:]
        definitions.merge(read([String: DemoSchema].self, .olderDefinitions) ?? [:]) { first, _ in first }
        format = read(String.self, .format)
        minimum = read(Double.self, .minimum)
        maximum = read(Double.self, .maximum)
        minItems = read(Int.self, .minItems)
    }

    /// What it describes: its first type that is not `null`, or what its members show.
    var kind: String {
        types.first { $0 != "null" } ?? types.first
            ?? (properties.isEmpty ? (items.isEmpty ? "string" : "array") : "object")
    }
}
