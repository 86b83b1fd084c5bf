import Contracts
import NIOCore

/// Checks a schema against the subset that OpenAI permits with `"strict": true`.
///
/// Models of other providers keep to such schemas as well, so the same rules hold for all.
struct StrictSchema {
    /// The limits of OpenAI's API.
    private static let levelLimit = 10
    private static let propertyLimit = 5000
    private static let valueLimit = 1000
    private static let characterLimit = 120_000
    /// Maximum length of a place in an error message, in bytes.
    private static let placeLimit = 400

    private static let forbidden = [
        "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
        "propertyNames", "minProperties", "maxProperties", "unevaluatedProperties", "unevaluatedItems", "contains",
        "minContains", "maxContains", "uniqueItems",
    ]

    /// What is wrong, and where.
    private struct Violation: Error {
        var message: String
    }

    private var properties = 0
    private var values = 0
    private var characters = 0

    /// Throws `invalid` if a strict schema is not in the subset.
    static func check(_ plan: ToolPlan) throws(Fault) {
        if let schema = plan.format.schema, schema.isStrict {
            let name = schema.name.map { " '\($0.prefix(bytes: 128))'" } ?? ""
            try check(schema.json, of: "response_format\(name)")
        }
        for tool in plan.tools where tool.isStrict == true {
            if let parameters = tool.parameters {
                try check(parameters, of: "function '\(tool.name.prefix(bytes: 128))'")
            }
        }
    }

    private static func check(_ bytes: ByteBuffer, of owner: String) throws(Fault) {
        let words: String
        do {
            var check = StrictSchema()
            let tree = try JSONTree(schema: bytes)
            guard tree["type"] == .text("object"), tree["anyOf"] == nil else {
                throw Violation(message: "In context=(), the schema must have the type 'object', and no 'anyOf'.")
            }
            try check.check(tree, at: [], level: 1)
            return
        } catch let violation as Violation {
            words = violation.message
        } catch {
            words = "It is too large or nested too deeply."
        }
        throw Fault(
            .invalid,
            "Invalid schema for \(owner): \(words) Change the schema, or leave out \"strict\"."
        )
    }

    private mutating func check(_ tree: JSONTree, at place: [String], level: Int) throws {
        guard case .object(let members) = tree else { throw Self.violation(place, "a schema must be an object.") }
        guard level <= Self.levelLimit else {
            throw Self.violation(place, "the schema has more than \(Self.levelLimit) levels of nesting.")
        }
        if let keyword = Self.forbidden.first(where: { members[$0] != nil }) {
            throw Self.violation(place, "'\(keyword)' is not permitted.")
        }
        try checkKind(members, place)
        try checkValues(members, place)
        let types = members["type"]?.text.map { [$0] } ?? members["type"]?.array?.compactMap(\.text) ?? []
        if types.contains("object") || members["properties"] != nil { try checkObject(members, place, level) }
        if types.contains("array") {
            guard let items = members["items"] else { throw Self.violation(place, "array schema missing items.") }
            try check(items, at: place + ["items"], level: level)
        }
        for (index, alternative) in (members["anyOf"]?.array ?? []).enumerated() {
            try check(alternative, at: place + ["anyOf", String(index)], level: level)
        }
        for keyword in ["$defs", "definitions"] {
            for (name, definition) in (members[keyword]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
                characters += name.unicodeScalars.count
                try check(definition, at: place + [keyword, name], level: 1)
            }
        }
        guard characters <= Self.characterLimit else {
            throw Self.violation([], "names and values have more than \(Self.characterLimit) characters.")
        }
    }

    private func checkKind(_ members: [String: JSONTree], _ place: [String]) throws {
        if let reference = members["$ref"] {
            guard reference.text?.hasPrefix("#") == true else {
                throw Self.violation(place, "'$ref' must refer to a definition in the same schema.")
            }
            return
        }
        guard ["type", "anyOf", "enum", "const"].contains(where: { members[$0] != nil }) else {
            throw Self.violation(place, "schema must have a 'type' key.")
        }
    }

    private mutating func checkValues(_ members: [String: JSONTree], _ place: [String]) throws {
        let texts = (members["enum"]?.array ?? []) + [members["const"]].compactMap { $0 }
        values += members["enum"]?.array?.count ?? 0
        characters += texts.reduce(0) { $0 + ($1.text?.unicodeScalars.count ?? 0) }
        guard values <= Self.valueLimit else {
            throw Self.violation(place, "the schema has more than \(Self.valueLimit) values in 'enum'.")
        }
    }

    private mutating func checkObject(_ members: [String: JSONTree], _ place: [String], _ level: Int) throws {
        guard members["additionalProperties"] == .flag(false) else {
            throw Self.violation(place, "'additionalProperties' is required to be supplied and to be false.")
        }
        let rules = (members["properties"]?.object ?? [:]).sorted { $0.key < $1.key }
        properties += rules.count
        guard properties <= Self.propertyLimit else {
            throw Self.violation(place, "the schema has more than \(Self.propertyLimit) properties.")
        }
        let required = Set(members["required"]?.array?.compactMap(\.text) ?? [])
        if let missing = rules.first(where: { !required.contains($0.key) }) {
            throw Self.violation(
                place,
                "'required' is required to be supplied and to be an array including every key in properties. "
                    + "Missing '\(missing.key.prefix(bytes: 128))'."
            )
        }
        for (name, rule) in rules {
            characters += name.unicodeScalars.count
            try check(rule, at: place + ["properties", name], level: level + 1)
        }
    }

    private static func violation(_ place: [String], _ words: String) -> Violation {
        let names = place.map { "'\($0.prefix(bytes: 64))'" }.joined(separator: ", ")
        return Violation(message: "In context=(\(names.prefix(bytes: placeLimit))), \(words)")
    }
}
