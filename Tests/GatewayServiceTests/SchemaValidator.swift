import Foundation

@testable import GatewayService

/// Compares JSON values with schemas; stricter than JSON Schema: an object must not have members that are not listed.
enum SchemaValidator {
    /// Returns what is wrong with a value; empty if it matches.
    static func violations(_ value: JSONValue, _ schema: Schema, at place: String = "$") -> [String] {
        switch (schema, value) {
        case (.any, _), (.null, .null), (.nullable, .null), (.boolean, .boolean), (.number, .integer),
            (.number, .number),
            (.exactNumber, .integer), (.exactNumber, .number):
            []
        case (.nullable(let schema), _): violations(value, schema, at: place)
        case (.string(let rules), .text(let text)): violations(text, rules).map { "\(place): \($0)" }
        case (.values(let values), .text(let text)) where values.contains(text): []
        case (.integer(let range), .integer(let number)) where range?.contains(number) ?? true: []
        case (.decimal(let range), .integer(let number)) where range.contains(Double(number)): []
        case (.decimal(let range), .number(let number)) where range.contains(number): []
        case (.array(let items, let count), .array(let values)) where count?.contains(values.count) ?? true:
            values.enumerated().flatMap { violations($1, items, at: "\(place)[\($0)]") }
        case (.map(let values, _), .object(let members)):
            members.flatMap { violations($1, values, at: "\(place).\($0)") }
        case (.object(_, let properties), .object(let members)): violations(members, properties, at: place)
        case (.anyOf(let schemas), _):
            closest(schemas.map { violations(value, $0, at: place) })
        default: ["\(place): \(value) is not \(schema)".prefix(400).description]
        }
    }

    /// The violations of the alternative that fits best.
    private static func closest(_ violations: [[String]]) -> [String] {
        violations.min { $0.count < $1.count } ?? ["no alternative"]
    }

    private static func violations(
        _ members: [String: JSONValue],
        _ properties: [Schema.Property],
        at place: String
    ) -> [String] {
        let unknown = Set(members.keys).subtracting(properties.map(\.name)).map { "\(place).\($0): not in the schema" }
        return unknown
            + properties.flatMap { property in
                guard let value = members[property.name] else {
                    return property.isRequired ? ["\(place).\(property.name): missing"] : []
                }
                return violations(value, property.schema, at: "\(place).\(property.name)")
            }
    }

    private static func violations(_ text: String, _ rules: Schema.StringRules) -> [String] {
        var found: [String] = []
        if let length = rules.length, !length.contains(text.unicodeScalars.count) { found.append("its length") }
        if let pattern = rules.pattern ?? formats[rules.format ?? ""], !matches(text, pattern) { found.append(pattern) }
        return found.map { "“\(text)” does not meet \($0)" }
    }

    private static let formats = [
        "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "date-time": #"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"#,
        "date": #"^\d{4}-\d\d-\d\d$"#,
    ]

    private static func matches(_ text: String, _ pattern: String) -> Bool {
        guard let expression = try? NSRegularExpression(pattern: pattern) else { return false }
        return expression.firstMatch(in: text, range: NSRange(text.startIndex..., in: text)) != nil
    }
}
