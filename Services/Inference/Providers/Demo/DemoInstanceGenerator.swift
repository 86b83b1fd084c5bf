/// Fills in a schema from a message: names and numbers that stand in it, and where nothing does, the message itself.
struct DemoInstanceGenerator {
    /// Schemas that are nested deeper, or in themselves, end here.
    private static let depthLimit = 16

    private let message: DemoMessage
    private let root: DemoSchema
    private var numbers: ArraySlice<Double>

    init(_ message: DemoMessage, schema: DemoSchema) {
        self.message = message
        root = schema
        numbers =
            message.text.split { !($0.isNumber || $0 == "." || $0 == "-") }
            .compactMap { Double(String($0).trimmingEnd(of: ".-")) }.filter { abs($0) < 1e15 }[...]
    }

    /// The value that the whole schema asks for.
    mutating func fill() -> DemoValue {
        value(of: root, name: "", depth: 0)
    }

    private mutating func value(of schema: DemoSchema, name: String, depth: Int) -> DemoValue {
        guard depth < Self.depthLimit else { return .null }
        if let reference = schema.reference {
            guard let found = root.definitions[String(reference.split(separator: "/").last ?? "")] else {
                return reference == "#" ? value(of: root, name: name, depth: depth + 1) : .null
            }
            return value(of: found, name: name, depth: depth + 1)
        }
        if let option = option(of: schema) { return option }
        if schema.types.isEmpty, schema.properties.isEmpty,
            let choice = schema.choices.first(where: { $0.types != ["null"] })
        {
            return value(of: choice, name: name, depth: depth + 1)
        }
        switch schema.kind {
        case "object": return object(schema, depth: depth)
        case "array": return list(schema, name: name, depth: depth)
        case "integer": return .integer(Int(exactly: number(schema).rounded()) ?? 0)
        case "number":
            let number = number(schema)
            return Int(exactly: number).map(DemoValue.integer) ?? .number(number)
        case "boolean": return .flag(!message.contains("no", "not", "don't", "without", "off", "never"))
        case "null": return .null
        default: return .text(DemoTextFinder(message).text(for: name, format: schema.format))
        }
    }

    /// Of several the one that the message names, else the first.
    private func option(of schema: DemoSchema) -> DemoValue? {
        let named = schema.options.first { option in
            guard case .text(let text) = option, !text.isEmpty else { return false }
            let words = text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
            return !words.isEmpty && message.contains(words)
        }
        return named ?? schema.options.first
    }

    /// With what must be there; with everything where nothing must.
    private mutating func object(_ schema: DemoSchema, depth: Int) -> DemoValue {
        let names = schema.required.isEmpty ? schema.properties.keys.sorted() : schema.required
        var members: [DemoValue.Member] = []
        for name in names where !members.contains(where: { $0.name == name }) {
            let property = schema.properties[name] ?? DemoSchema()
            members.append(.init(name: name, value: value(of: property, name: name, depth: depth + 1)))
        }
        return .object(members)
    }

    private mutating func list(_ schema: DemoSchema, name: String, depth: Int) -> DemoValue {
        let item = schema.items.first ?? DemoSchema()
        var values: [DemoValue] = []
        let wanted = min(max(schema.minItems ?? 1, 1), 16)
        let isOfNumbers = ["integer", "number"].contains(item.kind) && item.options.isEmpty
        let count = isOfNumbers ? max(wanted, min(numbers.count, 16)) : wanted
        for _ in 0..<count { values.append(value(of: item, name: name, depth: depth + 1)) }
        return .list(values)
    }

    /// The next number of the message, within what is allowed.
    private mutating func number(_ schema: DemoSchema) -> Double {
        let number = numbers.popFirst() ?? schema.minimum ?? 1
        return max(min(number, schema.maximum ?? number), schema.minimum ?? -.greatestFiniteMagnitude)
    }
}
