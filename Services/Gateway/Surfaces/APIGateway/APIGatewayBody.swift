import Contracts

/// Reads the body of a request of seed 000: errors are one fault that names the invalid members.
enum APIGatewayBody {
    /// Reads the members with `read`.
    static func read<Value>(_ request: Request, _ read: (inout FieldReader) -> Value) async throws -> Value {
        do {
            var fields = try await FastAPIBody.fields(request)
            let value = read(&fields)
            try fields.check()
            return value
        } catch let errors as ValidationErrors {
            throw Fault(.invalid, errors.errors.map(sentence).joined(separator: " "))
        }
    }

    /// Describes an error as text, for example `text: Field required`.
    private static func sentence(_ error: ValidationError) -> String {
        let names = error.location.dropFirst().map { step in
            switch step {
            case .name(let name): name
            case .index(let index): "character \(index)"
            }
        }
        let reason = error.type == "json_invalid" ? "The body is not valid JSON" : error.message
        return "\(names.isEmpty ? "body" : names.joined(separator: ".")): \(reason)."
    }
}
