/// Validates one value against a schema, in a bounded number of steps.
struct SchemaCheck {
    /// What does not match, and where.
    struct Mismatch: Equatable {
        /// The place in the value: `$.items[2].price`.
        var place: String
        var reason: String
        fileprivate var depth = 0
    }

    /// The check would take too long.
    struct Exceeded: Error {}

    /// Maximum number of comparisons.
    static let stepLimit = 1_000_000
    /// Maximum depth of nested rules, for schemas that refer to themselves.
    private static let depthLimit = 400
    /// Maximum length of a name in a reason, in bytes.
    private static let nameLimit = 100

    private let schema: JSONSchema
    private var steps = 0
    private var depth = 0
    private var path: [Component] = []

    private enum Component {
        case member(String)
        case element(Int)
    }

    /// Returns the first mismatch; `nil` if the value matches.
    static func mismatch(of value: JSONTree, with schema: JSONSchema) throws(Exceeded) -> Mismatch? {
        var check = SchemaCheck(schema)
        return try check.mismatch(value, 0)
    }

    private init(_ schema: JSONSchema) {
        self.schema = schema
    }

    private mutating func step(_ count: Int = 1) throws(Exceeded) {
        steps += count
        guard steps <= Self.stepLimit else { throw Exceeded() }
    }

    private mutating func mismatch(_ value: JSONTree, _ place: Int) throws(Exceeded) -> Mismatch? {
        try step()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw Exceeded() }
        let node = schema.nodes[place]
        if node.isNever { return report("The value is not permitted.") }
        if let types = node.types, !types.contains(where: value.has) {
            return report("Expected \(types.joined(separator: " or ")), found \(value.phrase).")
        }
        if let values = node.values {
            try step(value.weight)
            guard values.contains(value) else { return report("The value is none of the permitted values.") }
        }
        if let reference = node.reference, let found = try mismatch(value, reference) { return found }
        if let found = try compositionMismatch(value, node) { return found }
        switch value {
        case .object(let members): return try objectMismatch(members, node)
        case .array(let elements): return try arrayMismatch(elements, node)
        case .text(let text):
            guard node.counts.contains(where: { $0.keyword.hasSuffix("Length") }) else { return nil }
            try step(text.utf8.count / 16)
            return countMismatch(text.unicodeScalars.count, node, "Length", "characters")
        case .number(let number): return boundMismatch(number, node)
        case .null, .flag: return nil
        }
    }

    private mutating func compositionMismatch(
        _ value: JSONTree,
        _ node: JSONSchema.Node
    ) throws(Exceeded) -> Mismatch? {
        for rule in node.all {
            if let found = try mismatch(value, rule) { return found }
        }
        if let rules = node.any {
            var best: Mismatch?
            var isMatched = false
            for rule in rules {
                guard let found = try mismatch(value, rule) else {
                    isMatched = true
                    break
                }
                // The alternative that matches furthest is most probably the one that was meant.
                if found.depth > best?.depth ?? path.count { best = found }
            }
            if !isMatched { return best ?? report("The value matches none of the alternatives in anyOf.") }
        }
        if let rules = node.one {
            var count = 0
            for rule in rules where try mismatch(value, rule) == nil { count += 1 }
            if count != 1 { return report("The value matches \(count) of the alternatives in oneOf, not one.") }
        }
        if let rule = node.not, try mismatch(value, rule) == nil {
            return report("The value matches a schema that is excluded.")
        }
        return nil
    }

    private mutating func objectMismatch(
        _ members: [String: JSONTree],
        _ node: JSONSchema.Node
    ) throws(Exceeded) -> Mismatch? {
        try step(node.required.count + members.count)
        if let missing = node.required.first(where: { members[$0] == nil }) {
            return report("The member \(Self.quoted(missing)) is missing.")
        }
        if let found = countMismatch(members.count, node, "Properties", "members") { return found }
        guard node.additional != nil || !node.properties.isEmpty else { return nil }
        // Sorted, so that the first mismatch is always the same.
        for name in members.keys.sorted() {
            guard let rule = node.properties[name] ?? node.additional, let value = members[name] else { continue }
            path.append(.member(name))
            defer { path.removeLast() }
            if rule == node.additional, schema.nodes[rule].isNever {
                return report("The member is not part of the schema.")
            }
            if let found = try mismatch(value, rule) { return found }
        }
        return nil
    }

    private mutating func arrayMismatch(
        _ elements: [JSONTree],
        _ node: JSONSchema.Node
    ) throws(Exceeded) -> Mismatch? {
        if let found = countMismatch(elements.count, node, "Items", "elements") { return found }
        if node.hasUniqueItems {
            try step(elements.reduce(0) { $0 + $1.weight })
            if Set(elements).count != elements.count { return report("The elements are not unique.") }
        }
        for (index, element) in elements.enumerated() {
            guard let rule = node.prefix.indices.contains(index) ? node.prefix[index] : node.items else { break }
            path.append(.element(index))
            defer { path.removeLast() }
            if let found = try mismatch(element, rule) { return found }
        }
        return nil
    }

    private func countMismatch(
        _ count: Int,
        _ node: JSONSchema.Node,
        _ subject: String,
        _ unit: String
    ) -> Mismatch? {
        for rule in node.counts where rule.keyword.hasSuffix(subject) {
            if rule.keyword.hasPrefix("min"), count < rule.limit {
                return report("It has \(count) \(unit); at least \(rule.limit) are required.")
            }
            if rule.keyword.hasPrefix("max"), count > rule.limit {
                return report("It has \(count) \(unit); at most \(rule.limit) are permitted.")
            }
        }
        return nil
    }

    private func boundMismatch(_ number: Double, _ node: JSONSchema.Node) -> Mismatch? {
        for rule in node.bounds {
            let isMet =
                switch rule.keyword {
                case "minimum": number >= rule.limit
                case "maximum": number <= rule.limit
                case "exclusiveMinimum": number > rule.limit
                case "exclusiveMaximum": number < rule.limit
                default: Self.isMultiple(number, of: rule.limit)
                }
            if !isMet { return report("The number does not satisfy \(rule.keyword) \(Self.text(rule.limit)).") }
        }
        return nil
    }

    private static func isMultiple(_ number: Double, of divisor: Double) -> Bool {
        guard divisor > 0 else { return true }
        let quotient = number / divisor
        // Decimal fractions such as 0.1 have no exact binary form.
        return !quotient.isFinite || abs(quotient - quotient.rounded()) <= 1e-9 * max(1, abs(quotient))
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }

    private static func quoted(_ name: String) -> String { "\"\(name.prefix(bytes: nameLimit))\"" }

    private func report(_ reason: String) -> Mismatch {
        let names = path.prefix(32).map { component in
            switch component {
            case .member(let name): ".\(name.prefix(bytes: Self.nameLimit))"
            case .element(let index): "[\(index)]"
            }
        }
        return Mismatch(place: "$" + names.joined(), reason: reason, depth: path.count)
    }
}
