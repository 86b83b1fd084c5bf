/// The arguments of a tool call, converted to the types of the declaration.
struct ToolArguments: Sendable, Hashable {
    /// The value of an argument.
    enum Value: Sendable, Hashable {
        case text(String)
        case number(Double)
        case flag(Bool)
    }

    let values: [String: Value]

    init(_ values: [String: Value]) {
        self.values = values
    }

    func text(_ name: String) -> String? {
        guard case .text(let text)? = values[name] else { return nil }
        return text
    }

    func number(_ name: String) -> Double? {
        guard case .number(let number)? = values[name] else { return nil }
        return number
    }

    func flag(_ name: String) -> Bool? {
        guard case .flag(let flag)? = values[name] else { return nil }
        return flag
    }
}
