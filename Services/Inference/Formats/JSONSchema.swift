/// A JSON schema, prepared for validation.
///
/// It covers the keywords of structured outputs and those that constrain values in bounded time. `pattern` and `format` are
/// not evaluated: a hostile pattern can take exponential time. Other unknown keywords permit everything, as in JSON Schema.
struct JSONSchema: Sendable {
    /// The rules of one subschema; references are indexes of other subschemas.
    struct Node: Sendable {
        /// `false` permits nothing.
        var isNever = false
        var types: [String]?
        var values: Set<JSONTree>?
        var properties: [String: Int] = [:]
        var required: [String] = []
        /// The rule for other members; `nil` permits all.
        var additional: Int?
        var prefix: [Int] = []
        var items: Int?
        var reference: Int?
        var all: [Int] = []
        var any: [Int]?
        var one: [Int]?
        var not: Int?
        var counts: [Count] = []
        var bounds: [Bound] = []
        var hasUniqueItems = false
    }

    /// A limit on the size of a value: `minItems`.
    struct Count: Sendable {
        var keyword: String
        var limit: Int
    }

    /// A limit on a number: `minimum`.
    struct Bound: Sendable {
        var keyword: String
        var limit: Double
    }

    /// A reference that does not lead to a subschema of the same document, or too many of them.
    struct Unresolvable: Error {}

    /// The rules; the first one is the whole schema.
    let nodes: [Node]

    /// Throws ``Unresolvable`` for a reference to another document, and for one that leads nowhere.
    init(_ document: JSONTree) throws(Unresolvable) {
        var builder = Builder(document)
        nodes = try builder.build()
    }

    fileprivate static let countKeywords = [
        "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
    ]
    fileprivate static let boundKeywords = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
}

/// Converts subschemas one after the other, without recursion: references may form long chains.
private struct Builder {
    private typealias Node = JSONSchema.Node

    /// Maximum number of subschemas: references may repeat large ones.
    private static let nodeLimit = 100_000

    private let document: JSONTree
    private var nodes: [Node] = []
    private var pending: [(place: Int, tree: JSONTree)] = []
    private var references = ["#": 0]

    init(_ document: JSONTree) {
        self.document = document
    }

    mutating func build() throws(JSONSchema.Unresolvable) -> [JSONSchema.Node] {
        _ = add(document)
        while let (place, tree) = pending.popLast() {
            guard nodes.count <= Self.nodeLimit else { throw JSONSchema.Unresolvable() }
            nodes[place] = try node(tree)
        }
        return nodes
    }

    private mutating func add(_ tree: JSONTree) -> Int {
        pending.append((nodes.count, tree))
        nodes.append(Node())
        return nodes.count - 1
    }

    private mutating func node(_ tree: JSONTree) throws(JSONSchema.Unresolvable) -> Node {
        var node = Node()
        node.isNever = tree.flag == false
        node.types = tree["type"]?.text.map { [$0] } ?? tree["type"]?.array?.compactMap(\.text)
        if let value = tree["const"] { node.values = [value] }
        if let values = tree["enum"]?.array { node.values = Set(values).intersection(node.values ?? Set(values)) }
        for (name, rule) in tree["properties"]?.object ?? [:] { node.properties[name] = add(rule) }
        node.required = tree["required"]?.array?.compactMap(\.text) ?? []
        if let rule = tree["additionalProperties"], rule != .flag(true), tree["patternProperties"] == nil {
            node.additional = add(rule)
        }
        node.prefix = add(all: tree["prefixItems"]) ?? []
        if let rule = tree["items"], rule.array == nil { node.items = add(rule) }
        node.all = add(all: tree["allOf"]) ?? []
        node.any = add(all: tree["anyOf"])
        node.one = add(all: tree["oneOf"])
        if let rule = tree["not"] { node.not = add(rule) }
        if let pointer = tree["$ref"]?.text { node.reference = try reference(pointer) }
        for keyword in JSONSchema.countKeywords {
            if let limit = tree[keyword]?.count { node.counts.append(JSONSchema.Count(keyword: keyword, limit: limit)) }
        }
        for keyword in JSONSchema.boundKeywords {
            if let limit = tree[keyword]?.number {
                node.bounds.append(JSONSchema.Bound(keyword: keyword, limit: limit))
            }
        }
        node.hasUniqueItems = tree["uniqueItems"]?.flag == true
        return node
    }

    private mutating func add(all list: JSONTree?) -> [Int]? {
        list?.array.map { $0.map { add($0) } }
    }

    /// The subschema at a JSON pointer within the document; each one is prepared once, so cycles are permitted.
    private mutating func reference(_ pointer: String) throws(JSONSchema.Unresolvable) -> Int {
        if let known = references[pointer] { return known }
        guard pointer.hasPrefix("#/") else { throw JSONSchema.Unresolvable() }
        var tree = document
        for part in pointer.dropFirst(2).split(separator: "/", omittingEmptySubsequences: false) {
            let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
            guard
                let next = tree[name]
                    ?? Int(name).flatMap({ index in
                        tree.array.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                    })
            else { throw JSONSchema.Unresolvable() }
            tree = next
        }
        let place = add(tree)
        references[pointer] = place
        return place
    }
}
