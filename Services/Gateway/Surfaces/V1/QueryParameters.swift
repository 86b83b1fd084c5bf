import Contracts

/// Reads query parameters; an invalid value throws a fault with the parameter's name.
struct QueryParameters {
    /// Valid offsets of a list.
    static let offsets = 0...1_000_000_000

    private let request: Request

    init(_ request: Request) {
        self.request = request
    }

    /// Returns an integer in a range.
    func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        try integer(name, in: range) ?? value
    }

    /// Returns an integer in a range; `nil` if the parameter is absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = try single(name) else { return nil }
        guard let number = Self.number(text), range.contains(number) else {
            throw Fault(
                .invalid,
                "`\(name)` must be an integer from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return number
    }

    /// Parses a number that consists of digits only.
    static func number(_ text: String) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    func order(default value: Order) throws -> Order {
        guard let text = try single("order") else { return value }
        guard let order = Order(rawValue: text) else { throw Fault(.invalid, "`order` must be asc or desc.") }
        return order
    }

    func identifier<Subject>(_ name: String) throws -> Identifier<Subject>? {
        guard let text = try single(name), !text.isEmpty else { return nil }
        guard let id = Identifier<Subject>(text) else { throw Fault(.invalid, "`\(name)` must be a UUID.") }
        return id
    }

    /// Returns a string; `nil` if it is empty.
    func text(_ name: String) throws -> String? {
        guard let text = try single(name), !text.isEmpty else { return nil }
        return text
    }

    /// Returns a boolean.
    func flag(_ name: String) throws -> Bool {
        switch try single(name)?.lowercased() {
        case nil, "false", "0": false
        case "", "true", "1": true
        default: throw Fault(.invalid, "`\(name)` must be true or false.")
        }
    }

    private func single(_ name: String) throws -> String? {
        let values = request.query.values(name)
        guard values.count <= 1 else { throw Fault(.invalid, "`\(name)` must not be repeated in the query.") }
        return values.first
    }
}

extension RequestContext {
    /// The conversation in the path.
    func conversation() throws -> Conversation.ID {
        try identifier("id", missing: "Conversation not found")
    }

    /// The message in the path.
    func message() throws -> Message.ID {
        try identifier("message", missing: "Message not found")
    }

    /// The run in the path.
    func run() throws -> Run.ID {
        try identifier("run", missing: "Run not found")
    }

    /// The identifier in the path.
    ///
    /// Throws `missing` if it is malformed.
    func identifier<Subject>(_ name: String, missing message: String) throws -> Identifier<Subject> {
        guard let text = parameters.get(name), let id = Identifier<Subject>(text) else {
            throw Fault(.missing, message)
        }
        return id
    }
}
