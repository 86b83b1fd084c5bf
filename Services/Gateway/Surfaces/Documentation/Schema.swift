import Contracts

/// A JSON schema of a wire type, from which the OpenAPI document is made.
indirect enum Schema: Sendable, Hashable {
    case string(_ rules: StringRules = StringRules())
    /// A string that is one of these.
    case values([String])
    case integer(ClosedRange<Int>? = nil)
    case number
    /// A number in a range.
    case decimal(ClosedRange<Double>)
    /// A number with an exact decimal form: an integer of 64 bits, or one below 10^15.
    case exactNumber
    case boolean
    case array(Schema, count: ClosedRange<Int>? = nil)
    /// An object with known members; a `name` makes it a component that several routes share.
    case object(name: String? = nil, [Property])
    /// An object with any member names, or with names that match a pattern.
    case map(Schema, names: String? = nil)
    case nullable(Schema)
    case anyOf([Schema])
    /// Always `null`.
    case null
    /// Any JSON value.
    case any

    static let string = Schema.string()
    static let uuid = Schema.string(StringRules(format: "uuid"))
    static let dateTime = Schema.string(StringRules(format: "date-time"))

    /// A value, or `null`, or an empty string in its place.
    static func omittable(_ schema: Schema) -> Schema {
        guard case .string(let rules) = schema, rules.length == nil, rules.pattern == nil else {
            return .anyOf([schema, .values([""]), .null])
        }
        return .nullable(schema)
    }

    /// What a string must look like.
    struct StringRules: Sendable, Hashable {
        var format: String?
        var pattern: String?
        /// In Unicode scalars.
        var length: ClosedRange<Int>?
    }

    /// A member of an object.
    struct Property: Sendable, Hashable {
        var name: String
        var schema: Schema
        var isRequired: Bool
        var description: String?

        static func required(_ name: String, _ schema: Schema, _ description: String? = nil) -> Property {
            Property(name: name, schema: schema, isRequired: true, description: description)
        }

        static func optional(_ name: String, _ schema: Schema, _ description: String? = nil) -> Property {
            Property(name: name, schema: schema, isRequired: false, description: description)
        }
    }

    /// The object schemas with a name in this schema, itself included.
    var components: [String: [Property]] {
        switch self {
        case .object(let name, let properties):
            var components = Self.merged(properties.map(\.schema))
            if let name { components[name] = properties }
            return components
        case .array(let schema, _), .map(let schema, _), .nullable(let schema): return schema.components
        case .anyOf(let schemas): return Self.merged(schemas)
        default: return [:]
        }
    }

    /// The named object schemas of several schemas.
    static func merged(_ schemas: [Schema]) -> [String: [Property]] {
        schemas.reduce(into: [:]) { merged, schema in merged.merge(schema.components) { first, _ in first } }
    }
}
