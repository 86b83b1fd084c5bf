import Contracts
import ContractsJSON
import JSON
import NIOCore

/// The part of a JSON schema that the demo model supports, as a flat list of nodes that refer to each other by index.
///
/// Unsupported keywords and keywords of the wrong type are ignored. The size of a schema is limited, and so is the work
/// to read it.
struct DemoSchema: Sendable {
    /// Maximum size of a schema, in bytes.
    static let sizeLimit = 262_144
    /// Maximum number of subschemas.
    static let nodeLimit = 1000
    /// Maximum nesting of subschemas.
    static let depthLimit = 64

    /// Why a schema was not read.
    enum Failure: Error {
        case tooLarge
        case tooDeep
    }

    /// One schema or subschema.
    struct Node: Sendable {
        /// A permitted value from `enum` or `const`.
        struct Option: Sendable {
            var json: RawJSON
            /// The value, if it is a string.
            var text: String?
        }

        var types: [String] = []
        var options: [Option] = []
        /// Properties in the order of the schema.
        var properties: [(name: String, node: Int)] = []
        /// Names of required properties, each once; a name without a property has no node.
        var required: [(name: String, node: Int?)] = []
        var items: Int?
        /// From `anyOf`, `oneOf` and `allOf`.
        var choices: [Int] = []
        /// The value of `$ref`, such as `#/$defs/Step`.
        var reference: String?
        var format: String?
        var minimum: Double?
        var maximum: Double?
        var minItems: Int?
        var maxItems: Int?
        var minLength: Int?
        var maxLength: Int?

        /// The first type other than `null`, or the type that the other keywords imply.
        var kind: String {
            types.first { $0 != "null" } ?? types.first
                ?? (properties.isEmpty ? (items == nil ? "string" : "array") : "object")
        }

        /// Whether one of the subschemas in `anyOf`, `oneOf` or `allOf` decides.
        var isChoice: Bool { types.isEmpty && properties.isEmpty && options.isEmpty && !choices.isEmpty }
    }

    /// All nodes; the first is the whole schema.
    private(set) var nodes = [Node()]
    private var definitions: [String: Int] = [:]

    /// A schema that allows any value.
    init() {}

    /// Reads a schema; a text that is not a JSON object allows any value.
    ///
    /// Throws ``Failure`` if the schema exceeds a limit.
    init(_ json: ByteBuffer) throws(Failure) {
        guard json.readableBytes <= Self.sizeLimit else { throw .tooLarge }
        do {
            try json.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try read(&json, into: 0, depth: 0)
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            self = DemoSchema()
        }
        resolveRequired()
    }

    /// For each node the node at the end of its chain of references; `nil` if a target is missing or the chain is circular.
    func targets() -> [Int?] {
        // The outer optional: whether the node is a reference. The inner one: whether its target exists.
        let next: [Int??] = nodes.map { node in
            guard let reference = node.reference else { return nil }
            return .some(reference == "#" ? 0 : definitions[String(reference.split(separator: "/").last ?? "")])
        }
        return nodes.indices.map { start in
            var current = start
            for _ in nodes.indices {
                guard let target = next[current] else { return current }
                guard let target else { return nil }
                current = target
            }
            return nil
        }
    }

    private mutating func resolveRequired() {
        for index in nodes.indices where !nodes[index].required.isEmpty {
            let properties = Dictionary(nodes[index].properties.map { ($0.name, $0.node) }) { first, _ in first }
            var seen: Set<String> = []
            nodes[index].required = nodes[index].required.filter { seen.insert($0.name).inserted }
                .map { ($0.name, properties[$0.name]) }
        }
    }

    private mutating func child(_ json: inout JSONScanner, depth: Int) throws -> Int {
        guard depth < Self.depthLimit else { throw Failure.tooDeep }
        guard nodes.count < Self.nodeLimit else { throw Failure.tooLarge }
        nodes.append(Node())
        let index = nodes.count - 1
        try read(&json, into: index, depth: depth + 1)
        return index
    }

    private mutating func read(_ json: inout JSONScanner, into index: Int, depth: Int) throws {
        try json.objectOrSkip { name, json in
            switch name {
            case "type": nodes[index].types = try Self.strings(&json)
            case "enum": nodes[index].options = try Self.options(&json)
            case "const": nodes[index].options = [try Self.option(&json)]
            case "properties":
                try json.objectOrSkip { name, json in
                    let property = try child(&json, depth: depth)
                    nodes[index].properties.append((name.text ?? "", property))
                }
            case "required": nodes[index].required = try Self.strings(&json).map { ($0, nil) }
            case "items":
                guard !json.isArray() else { return try json.skip() }
                let items = try child(&json, depth: depth)
                nodes[index].items = items
            case "anyOf", "oneOf", "allOf":
                guard json.isArray() else { return try json.skip() }
                try json.array { json in
                    let choice = try child(&json, depth: depth)
                    nodes[index].choices.append(choice)
                }
            case "$ref": nodes[index].reference = try json.optionalString()
            case "$defs", "definitions":
                try json.objectOrSkip { name, json in
                    let definition = try child(&json, depth: depth)
                    if depth == 0, let name = name.text { definitions[name] = definitions[name] ?? definition }
                }
            case "format": nodes[index].format = try json.optionalString()
            case "minimum": nodes[index].minimum = try Self.number(&json)
            case "maximum": nodes[index].maximum = try Self.number(&json)
            case "minItems": nodes[index].minItems = try Self.count(&json)
            case "maxItems": nodes[index].maxItems = try Self.count(&json)
            case "minLength": nodes[index].minLength = try Self.count(&json)
            case "maxLength": nodes[index].maxLength = try Self.count(&json)
            default: try json.skip()
            }
        }
    }
}

extension DemoSchema {
    /// Reads one string, or the strings of an array.
    private static func strings(_ json: inout JSONScanner) throws -> [String] {
        guard json.isArray() else { return try json.optionalString().map { [$0] } ?? [] }
        var texts: [String] = []
        try json.array { json in if let text = try json.optionalString() { texts.append(text) } }
        return texts
    }

    private static func options(_ json: inout JSONScanner) throws -> [Node.Option] {
        guard json.isArray() else {
            try json.skip()
            return []
        }
        var options: [Node.Option] = []
        try json.array { options.append(try option(&$0)) }
        return options
    }

    private static func option(_ json: inout JSONScanner) throws -> Node.Option {
        guard json.kind == .text, let text = try json.optionalString() else {
            return Node.Option(json: try json.rawJSON())
        }
        return Node.Option(json: RawJSON(DemoValue.string(text).json), text: text)
    }

    private static func number(_ json: inout JSONScanner) throws -> Double? {
        guard json.kind == .number else {
            try json.skip()
            return nil
        }
        return try json.stringOrScalar().flatMap(Double.init)
    }

    /// Reads a count; a negative number is 0, and a huge one is a billion.
    private static func count(_ json: inout JSONScanner) throws -> Int? {
        try number(&json).flatMap { $0.isNaN ? nil : Int(min(max($0, 0), 1e9)) }
    }
}
