import Contracts
import Hummingbird

/// Reads the numbers and words of a query; what is out of bounds is refused with its name.
struct PageQuery {
    private let request: Request

    init(_ request: Request) {
        self.request = request
    }

    /// A whole number within a range.
    func integer(_ name: String, default value: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let text = try single(name) else { return value }
        guard let number = Int(text), range.contains(number) else {
            let limits = range.upperBound == .max ? "from \(range.lowerBound) up" : "from \(range.lowerBound) to \(range.upperBound)"
            throw Fault(.invalid, "`\(name)` must be a whole number \(limits).")
        }
        return number
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

    private func single(_ name: String) throws -> String? {
        let values = request.uri.queryParameters[values: Substring(name)]
        guard values.count <= 1 else { throw Fault(.invalid, "`\(name)` stands more than once in the query.") }
        return values.first.map { String($0) }
    }
}

extension RequestContext {
    /// The id in the path. Throws `missing`: what is no id names nothing.
    func identifier<Subject>(_ name: String, missing message: String) throws -> Identifier<Subject> {
        guard let text = parameters.get(name), let id = Identifier<Subject>(text) else {
            throw Fault(.missing, message)
        }
        return id
    }
}
