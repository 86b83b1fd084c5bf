import Contracts
import JSON

/// Encodes schemas in the dialect of OpenAPI 3.1, which is JSON Schema 2020-12.
extension JSONWriter {
    /// Writes a schema; objects with a name are references to components.
    mutating func schema(_ schema: Schema, description: String? = nil, defaultValue: RawJSON? = nil) {
        object { json in
            json.members(of: schema)
            if let description { json.field("description", description) }
            if let defaultValue { json.raw("default", defaultValue.text) }
        }
    }

    /// Writes a component: an object schema without its name.
    mutating func component(_ properties: [Schema.Property]) {
        object { $0.members(of: properties) }
    }

    private mutating func members(of schema: Schema) {
        switch schema {
        case .string(let rules): members(of: rules, type: "\"string\"")
        case .values(let values): choices(values, isNullable: false)
        case .integer(let range?) where range == Int.min...Int.max: integer64(#""integer""#)
        case .integer(let range): number("\"integer\"", range)
        case .number: raw("type", "\"number\"")
        case .decimal(let range): number("\"number\"", range)
        case .exactNumber:
            raw(
                "anyOf",
                "[\(Self.integer64),{\"type\":\"number\",\"minimum\":-999999999999999,\"maximum\":999999999999999}]"
            )
        case .boolean: raw("type", "\"boolean\"")
        case .array(let items, let count):
            raw("type", "\"array\"")
            value("items") { $0.schema(items) }
            if let count { bounds("minItems", "maxItems", count) }
        case .object(let name?, _): field("$ref", "#/components/schemas/\(name)")
        case .object(nil, let properties): members(of: properties)
        case .map(let values, let names):
            raw("type", "\"object\"")
            if let names { object("propertyNames") { $0.field("pattern", names) } }
            value("additionalProperties") { $0.schema(values) }
        case .nullable(let schema): nullable(schema)
        case .anyOf(let schemas): array("anyOf", schemas) { $0.schema($1) }
        case .null: raw("type", "\"null\"")
        case .any: break
        }
    }

    /// From the least signed to the greatest unsigned integer.
    private static let integer64 = #"{"type":"integer","minimum":-9223372036854775808,"maximum":18446744073709551615}"#

    /// Most generators of clients understand a list of types better than a choice with `null`.
    private mutating func nullable(_ schema: Schema) {
        switch schema {
        case .string(let rules): members(of: rules, type: #"["string","null"]"#)
        case .values(let values): choices(values, isNullable: true)
        case .integer(let range?) where range == Int.min...Int.max: integer64(#"["integer","null"]"#)
        case .integer(let range): number(#"["integer","null"]"#, range)
        case .number: raw("type", #"["number","null"]"#)
        case .decimal(let range): number(#"["number","null"]"#, range)
        case .boolean: raw("type", #"["boolean","null"]"#)
        case .any, .null, .nullable: members(of: schema)
        default: array("anyOf", [schema, .null]) { $0.schema($1) }
        }
    }

    private mutating func members(of rules: Schema.StringRules, type: String) {
        raw("type", type)
        if let format = rules.format { field("format", format) }
        if let pattern = rules.pattern { field("pattern", pattern) }
        if let length = rules.length { bounds("minLength", "maxLength", length) }
    }

    private mutating func choices(_ values: [String], isNullable: Bool) {
        raw("type", isNullable ? #"["string","null"]"# : "\"string\"")
        array("enum", values + (isNullable ? [nil] : [])) { $0.text($1) }
    }

    private mutating func integer64(_ type: String) {
        raw("type", type)
        field("format", "int64")
        field("minimum", Int.min)
        field("maximum", Int.max)
    }

    private mutating func number(_ type: String, _ range: ClosedRange<Int>?) {
        raw("type", type)
        if let range { bounds("minimum", "maximum", range) }
    }

    private mutating func number(_ type: String, _ range: ClosedRange<Double>) {
        raw("type", type)
        field("minimum", range.lowerBound)
        field("maximum", range.upperBound)
    }

    /// The extremes of `Int` stand for no bound.
    private mutating func bounds(_ least: StaticString, _ most: StaticString, _ range: ClosedRange<Int>) {
        if range.lowerBound > .min { field(least, range.lowerBound) }
        if range.upperBound < .max { field(most, range.upperBound) }
    }

    private mutating func members(of properties: [Schema.Property]) {
        raw("type", "\"object\"")
        value("properties") { json in
            json.object { json in
                for property in properties {
                    json.member(property.name) { $0.schema(property.schema, description: property.description) }
                }
            }
        }
        let required = properties.filter(\.isRequired)
        if !required.isEmpty { array("required", required) { $0.text($1.name) } }
    }
}
