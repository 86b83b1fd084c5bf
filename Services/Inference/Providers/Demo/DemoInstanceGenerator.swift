import Contracts

/// Generates an instance of a JSON schema from a message: names and numbers that the message contains, or else the message.
///
/// The instance is valid for the supported keywords, or generation fails. Its number of values, its size and its nesting
/// are limited, and the time is proportional to them: required parts are counted before anything is generated, and
/// optional parts are added only while they fit.
struct DemoInstanceGenerator {
    /// Maximum number of JSON values in an instance.
    static let valueLimit = 1000
    /// Maximum size of the names and texts in an instance, in bytes.
    static let byteLimit = 65_536
    /// Maximum nesting of an instance.
    static let depthLimit = 100
    /// Optional parts are omitted at this depth and below.
    private static let optionalDepthLimit = 8
    /// Maximum number of items that an array gets for numbers in the message.
    private static let numberListLimit = 16
    /// Maximum number of values of an `enum` that are compared with the message.
    private static let comparedOptionLimit = 256

    private let message: DemoMessage
    private let schema: DemoSchema
    private let sizes: DemoSchemaSizes
    /// The name of the schema in error messages.
    private let label: String
    private let texts: DemoTextFinder
    private let givenTexts: [String: String]
    private let isAffirmative: Bool
    private var numbers: ArraySlice<Double>
    private var remainingBytes = DemoInstanceGenerator.byteLimit
    private var chosenOptions: [Int: DemoSchema.Node.Option] = [:]

    /// Creates a generator; `texts` are the texts of properties by name, which the message does not determine.
    init(_ message: DemoMessage, schema: DemoSchema, label: String, texts: [String: String] = [:]) {
        self.message = message
        self.schema = schema
        self.label = label
        sizes = DemoSchemaSizes(schema)
        givenTexts = texts
        self.texts = DemoTextFinder(message)
        isAffirmative = !message.contains("no", "not", "don't", "without", "off", "never")
        numbers =
            message.text.split { !($0.isNumber || $0 == "." || $0 == "-") }
            .compactMap { Double(String($0).trimmingEnd(of: ".-")) }.filter { abs($0) < 1e15 }[...]
    }

    /// Returns an instance of the whole schema.
    ///
    /// Throws `invalid` if every instance exceeds a limit.
    mutating func generate() throws(Fault) -> DemoValue {
        guard sizes[0] <= Self.valueLimit else {
            throw sizes[0] == DemoSchemaSizes.unbounded
                ? invalid("every instance is infinitely large, because a required part contains its own schema")
                : invalid("its smallest instance has \(sizes[0]) values, and at most \(Self.valueLimit) are supported")
        }
        var slack = Self.valueLimit - sizes[0]
        return try value(of: 0, name: "", depth: 0, slack: &slack)
    }

    /// Generates an instance of a node.
    ///
    /// `slack` is the number of values that may be added to the smallest instance; it is reduced by those added.
    private mutating func value(
        of node: Int,
        name: String,
        depth: Int,
        slack: inout Int
    ) throws(Fault) -> DemoValue {
        guard depth < Self.depthLimit else {
            throw invalid("its smallest instance is nested deeper than the supported \(Self.depthLimit) levels")
        }
        guard let index = sizes.target(of: node) else { return .null }
        let node = schema.nodes[index]
        if let option = option(of: node, at: index) {
            try spend(option.json.text.utf8.count)
            return .raw(option.json)
        }
        if node.isChoice, let choice = choice(in: node, depth: depth, slack: slack) {
            slack -= sizes[choice] - sizes[index]
            // A choice adds no level to the instance, but a chain of choices must end.
            return try value(of: choice, name: name, depth: depth + 1, slack: &slack)
        }
        switch node.kind {
        case "object": return try object(node, depth: depth, slack: &slack)
        case "array": return try array(node, name: name, depth: depth, slack: &slack)
        case "integer": return .integer(Int(exactly: number(node).rounded()) ?? 0)
        case "number":
            let number = number(node)
            return Int(exactly: number).map(DemoValue.integer) ?? .number(number)
        case "boolean": return .boolean(isAffirmative)
        case "null": return .null
        default: return .string(try text(for: name, node))
        }
    }

    /// The option that the message names, or the first one.
    private mutating func option(of node: DemoSchema.Node, at index: Int) -> DemoSchema.Node.Option? {
        if let chosen = chosenOptions[index] { return chosen }
        let named = node.options.prefix(Self.comparedOptionLimit).first { option in
            guard let text = option.text?.prefix(bytes: 256), !text.isEmpty else { return false }
            let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
            return !words.isEmpty && message.contains(words)
        }
        chosenOptions[index] = named ?? node.options.first
        return chosenOptions[index]
    }

    /// The first choice that fits other than `null`; the smallest one if none does, or deep in the instance.
    private func choice(in node: DemoSchema.Node, depth: Int, slack: Int) -> Int? {
        guard let smallest = node.choices.min(by: { sizes[$0] < sizes[$1] }) else { return nil }
        guard depth < Self.optionalDepthLimit else { return smallest }
        let limit = sizes[smallest] + slack
        let fitting = node.choices.first { choice in
            let types = sizes.target(of: choice).map { schema.nodes[$0].types }
            return types != ["null"] && sizes[choice] <= limit
        }
        return fitting ?? smallest
    }

    /// An object with its required properties, or with all properties that fit if none is required.
    private mutating func object(
        _ node: DemoSchema.Node,
        depth: Int,
        slack: inout Int
    ) throws(Fault) -> DemoValue {
        var members: [DemoValue.Member] = []
        for (name, property) in node.required {
            try spend(name.utf8.count)
            let value =
                if let property {
                    try value(of: property, name: name, depth: depth + 1, slack: &slack)
                } else { DemoValue.string(try text(for: name, DemoSchema.Node())) }
            members.append(.init(name: name, value: value))
        }
        guard node.required.isEmpty, depth < Self.optionalDepthLimit else { return .object(members) }
        for (name, property) in node.properties.sorted(by: { $0.name < $1.name }) where members.last?.name != name {
            guard sizes[property] <= slack else { continue }
            slack -= sizes[property]
            try spend(name.utf8.count)
            let value = try value(of: property, name: name, depth: depth + 1, slack: &slack)
            members.append(.init(name: name, value: value))
        }
        return .object(members)
    }

    private mutating func array(
        _ node: DemoSchema.Node,
        name: String,
        depth: Int,
        slack: inout Int
    ) throws(Fault) -> DemoValue {
        let target = node.items.flatMap { sizes.target(of: $0) }.map { schema.nodes[$0] }
        let isOfNumbers = target.map { ["integer", "number"].contains($0.kind) && $0.options.isEmpty } ?? false
        let wanted = isOfNumbers ? max(1, min(numbers.count, Self.numberListLimit)) : 1
        var values: [DemoValue] = []
        for _ in 0..<(node.minItems ?? 0) {
            values.append(try item(of: node, name: name, depth: depth, slack: &slack))
        }
        guard depth < Self.optionalDepthLimit else { return .array(values) }
        let size = node.items.map { sizes[$0] } ?? 1
        while values.count < min(wanted, node.maxItems ?? .max), size <= slack {
            slack -= size
            values.append(try item(of: node, name: name, depth: depth, slack: &slack))
        }
        return .array(values)
    }

    private mutating func item(
        of node: DemoSchema.Node,
        name: String,
        depth: Int,
        slack: inout Int
    ) throws(Fault) -> DemoValue {
        guard let items = node.items else { return .string(try text(for: name, DemoSchema.Node())) }
        return try value(of: items, name: name, depth: depth + 1, slack: &slack)
    }

    /// The next number of the message, within the permitted range.
    private mutating func number(_ node: DemoSchema.Node) -> Double {
        let number = numbers.popFirst() ?? node.minimum ?? 1
        return max(min(number, node.maximum ?? number), node.minimum ?? -.greatestFiniteMagnitude)
    }

    /// A text for a property, with the permitted number of Unicode scalars.
    private mutating func text(for name: String, _ node: DemoSchema.Node) throws(Fault) -> String {
        var text = givenTexts[name] ?? texts.text(for: name, format: node.format)
        let least = node.minLength ?? 0
        guard least <= remainingBytes else { throw tooLarge }
        if text.unicodeScalars.count < least {
            let filler = text.isEmpty ? "." : text + " "
            let count = least / filler.unicodeScalars.count + 1
            guard count * filler.utf8.count <= Self.byteLimit else { throw tooLarge }
            text = String(
                String.UnicodeScalarView(String(repeating: filler, count: count).unicodeScalars.prefix(least))
            )
        }
        if let most = node.maxLength, most >= least, text.unicodeScalars.count > most {
            text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(most)))
        }
        try spend(text.utf8.count)
        return text
    }

    private mutating func spend(_ bytes: Int) throws(Fault) {
        remainingBytes -= bytes
        guard remainingBytes >= 0 else { throw tooLarge }
    }

    private var tooLarge: Fault { invalid("its instance has more than the supported \(Self.byteLimit) bytes") }

    private func invalid(_ reason: String) -> Fault {
        Fault(.invalid, "demo/demo cannot generate an instance of \(label): \(reason). Simplify the schema.")
    }
}
