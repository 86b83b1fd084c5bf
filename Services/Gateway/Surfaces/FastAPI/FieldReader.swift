import Contracts

/// Reads the members of a body, or the parameters of a query, as pydantic validates them, and collects all errors.
///
/// A value that is invalid is returned as a placeholder; ``check()`` throws after the last member:
///
///     var fields = try await FastAPIBody.fields(request)
///     let message = fields.string("message")
///     let isStreamed = fields.boolean("stream", default: false)
///     try fields.check()
struct FieldReader: Sendable {
    private enum Source: Sendable {
        case body(JSONTree)
        case query(RequestQuery)
    }

    private let source: Source
    private(set) var errors: [ValidationError] = []

    /// Throws ``ValidationErrors`` unless the body is an object.
    init(body: JSONTree?) throws(ValidationErrors) {
        switch body {
        case nil, .null: throw ValidationErrors(.missing(.name("body")))
        case .object(let members): source = .body(.object(members))
        case let other?: throw ValidationErrors(.noObject(at: [.name("body")], other))
        }
    }

    /// Reads the parameters of a query; of a repeated one, the last value counts.
    init(query: RequestQuery) {
        source = .query(query)
    }

    /// Throws the errors of all members that were read.
    func check() throws(ValidationErrors) {
        guard errors.isEmpty else { throw ValidationErrors(errors) }
    }

    /// The value of a member; `nil` if it is absent.
    func value(_ name: String) -> JSONTree? {
        switch source {
        case .body(let tree): tree[name]
        case .query(let query): query.values(name).last.map(JSONTree.text)
        }
    }

    /// The path of a member in errors.
    func location(_ name: String) -> [ValidationError.Location] {
        switch source {
        case .body: [.name("body"), .name(name)]
        case .query: [.name("query"), .name(name)]
        }
    }

    /// Adds an error of a rule that is the surface's own.
    mutating func add(_ error: ValidationError) {
        errors.append(error)
    }

    /// Reads a string with a minimum length in Unicode scalars.
    mutating func string(_ name: String, minimumLength: Int = 0) -> String {
        guard let value = required(name) else { return "" }
        guard case .text(let text) = value else {
            errors.append(.noString(at: location(name), value))
            return ""
        }
        guard text.unicodeScalars.count >= minimumLength else {
            errors.append(.tooShort(at: location(name), value, minimumLength: minimumLength))
            return ""
        }
        return text
    }

    /// Reads a string that may be absent or `null`.
    mutating func optionalString(_ name: String) -> String? {
        switch value(name) {
        case nil, .null: return nil
        case .text(let text): return text
        case let other?:
            errors.append(.noString(at: location(name), other))
            return nil
        }
    }

    /// Reads a boolean in one of the forms of ``LaxBoolean``; it may be absent or `null`.
    mutating func boolean(_ name: String, default fallback: Bool) -> Bool {
        guard let value = value(name), value != .null else { return fallback }
        do {
            return try LaxBoolean.value(of: value)
        } catch {
            errors.append(.noBoolean(at: location(name), value, error))
            return fallback
        }
    }

    /// Reads an integer in one of the forms of ``LaxInteger``; it may be absent.
    mutating func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let value = value(name) else { return fallback }
        do {
            let number = try LaxInteger.value(of: value)
            if range.contains(number) { return number }
            errors.append(.outOfRange(at: location(name), value, range, isBelow: number < range.lowerBound))
        } catch {
            errors.append(.noInteger(at: location(name), value, error))
        }
        return fallback
    }

    /// Reads an identifier.
    mutating func identifier<Subject>(_ name: String) -> Identifier<Subject> {
        guard let value = required(name) else { return Identifier() }
        guard case .text(let text) = value, let identifier = Identifier<Subject>(text) else {
            errors.append(.noIdentifier(at: location(name), value))
            return Identifier()
        }
        return identifier
    }

    private mutating func required(_ name: String) -> JSONTree? {
        if let value = value(name) { return value }
        let whole: JSONTree =
            switch source {
            case .body(let tree): tree
            case .query: .null
            }
        errors.append(ValidationError.missing(location(name), input: whole))
        return nil
    }
}
