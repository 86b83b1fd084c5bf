import Contracts
import JSON
import NIOCore

/// Reads request parameters; errors have the words of OpenAI's API.
///
/// An empty string is no value wherever `null` is none: many clients send one in its place.
struct ParameterReader {
    private let body: ByteBuffer

    /// `body` is the buffer that the scanner reads.
    init(body: ByteBuffer) {
        self.body = body
    }

    static func missing(_ name: String) -> OpenAIError.Parameter {
        OpenAIError.Parameter(
            param: name,
            code: "missing_required_parameter",
            message: "Missing required parameter: '\(name)'."
        )
    }

    static func wrongType(_ name: String, _ wanted: String, _ got: String) -> OpenAIError.Parameter {
        OpenAIError.Parameter(
            param: name,
            code: "invalid_type",
            message: "Invalid type for '\(name)': expected \(wanted), but got \(got) instead."
        )
    }

    static func invalid(_ name: String, _ value: some StringProtocol, _ allowed: String) -> OpenAIError.Parameter {
        OpenAIError.Parameter(
            param: name,
            code: "invalid_value",
            message: "Invalid value: '\(value.prefix(64))'. Supported values are: \(allowed)."
        )
    }

    /// Returns the model's name; throws if there is none.
    static func requiredModel(_ model: String?) throws -> String {
        guard let model, !model.isEmpty else {
            throw OpenAIError.Parameter(param: "model", code: nil, message: "you must provide a model parameter")
        }
        try checkName(model)
        return model
    }

    /// Rejects a model name that is longer than any existing one.
    private static func checkName(_ model: String) throws {
        guard model.utf8.count > 256 else { return }
        throw Fault(.missing, "The model `\(model.prefix(64))…` does not exist: its name is too long.")
    }

    /// Returns the next value as bytes.
    func raw(_ json: inout JSONScanner) throws -> ByteBuffer {
        let raw = try json.raw()
        return body.getSlice(at: body.readerIndex + raw.startIndex, length: raw.count) ?? ByteBuffer()
    }

    /// Skips `null` or an empty string; returns `false`, and skips nothing, for any other value.
    func skipsNothing(_ json: inout JSONScanner) throws -> Bool {
        switch json.kind {
        case .null: try json.skip()
        case .text:
            var next = json
            guard try next.raw().count == 2 else { return false }
            json = next
        default: return false
        }
        return true
    }

    /// Returns a string; `nil` for none.
    func text(_ name: String, _ json: inout JSONScanner) throws -> String? {
        guard try !skipsNothing(&json) else { return nil }
        guard json.kind == .text else { throw try wrongType(name, "a string", &json) }
        return try json.string()
    }

    func flag(_ name: String, _ json: inout JSONScanner) throws -> Bool? {
        guard try !skipsNothing(&json) else { return nil }
        guard json.kind == .flag else { throw try wrongType(name, "a boolean", &json) }
        return try json.bool()
    }

    func integer(_ name: String, _ json: inout JSONScanner, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = try number(name, "an integer", &json) else { return nil }
        guard let integer = Int(value) ?? Double(value).flatMap({ Int(exactly: $0) }) else {
            throw Self.wrongType(name, "an integer", "a decimal number")
        }
        guard integer >= range.lowerBound else {
            throw bound(name, "integer_below_min_value", "integer below minimum", ">= \(range.lowerBound)", value)
        }
        guard integer <= range.upperBound else {
            throw bound(name, "integer_above_max_value", "integer above maximum", "<= \(range.upperBound)", value)
        }
        return integer
    }

    func decimal(_ name: String, _ json: inout JSONScanner, in range: ClosedRange<Double>) throws -> Double? {
        guard let value = try number(name, "a decimal", &json) else { return nil }
        guard let decimal = Double(value), decimal.isFinite else {
            throw Self.wrongType(name, "a decimal", "a number that is too large")
        }
        let (least, most) = (Self.plain(range.lowerBound), Self.plain(range.upperBound))
        guard decimal >= range.lowerBound else {
            throw bound(name, "decimal_below_min_value", "decimal below minimum", ">= \(least)", value)
        }
        guard decimal <= range.upperBound else {
            throw bound(name, "decimal_above_max_value", "decimal above maximum", "<= \(most)", value)
        }
        return decimal
    }

    /// Reads one text, or up to `limit` texts; empty texts are left out.
    ///
    /// Returns `nil` if no text is left.
    func texts(_ name: String, _ json: inout JSONScanner, upTo limit: Int) throws -> [String]? {
        guard json.kind == .array else { return try text(name, &json).map { [$0] } }
        var texts: [String] = []
        var count = 0
        try json.array { json in
            if count < limit, let text = try text("\(name)[\(count)]", &json) {
                texts.append(text)
            } else if count >= limit {
                try json.skip()
            }
            count += 1
        }
        guard count <= limit else {
            throw OpenAIError.Parameter(
                param: name,
                code: "array_above_max_length",
                message: "Invalid '\(name)': array too long. Expected an array with maximum length \(limit), "
                    + "but got an array with length \(count) instead."
            )
        }
        return texts.isEmpty ? nil : texts
    }

    /// Reads an object; returns `false` for none.
    func object(
        _ name: String,
        _ json: inout JSONScanner,
        _ member: (JSONScanner.Name, inout JSONScanner) throws -> Void
    ) throws -> Bool {
        guard try !skipsNothing(&json) else { return false }
        guard json.kind == .object else { throw try wrongType(name, "an object", &json) }
        try json.object(member)
        return true
    }

    /// The error for the next value, which has the wrong type.
    func wrongType(_ name: String, _ wanted: String, _ json: inout JSONScanner) throws -> OpenAIError.Parameter {
        Self.wrongType(name, wanted, json.kind.phrase)
    }

    private func number(_ name: String, _ wanted: String, _ json: inout JSONScanner) throws -> String? {
        guard try !skipsNothing(&json) else { return nil }
        guard json.kind == .number else { throw try wrongType(name, wanted, &json) }
        return try json.stringOrScalar()
    }

    private func bound(
        _ name: String,
        _ code: String,
        _ what: String,
        _ wanted: String,
        _ value: String
    ) -> OpenAIError.Parameter {
        OpenAIError.Parameter(
            param: name,
            code: code,
            message:
                "Invalid '\(name)': \(what) value. Expected a value \(wanted), but got \(value.prefix(32)) instead."
        )
    }

    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}

extension JSONScanner.Kind {
    /// The name of the type in an error message.
    var phrase: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .text: "a string"
        case .number: "a number"
        case .flag: "a boolean"
        case .null: "null"
        }
    }
}
