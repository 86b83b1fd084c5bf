import Contracts
import JSON
import NIOCore

/// Reads request parameters; errors have the words of OpenAI's API.
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

    /// Rejects a model name that is longer than any existing one.
    static func checkName(_ model: String) throws {
        guard model.utf8.count > 256 else { return }
        throw Fault(.missing, "The model `\(model.prefix(64))…` does not exist: its name is too long.")
    }

    /// Returns the next value as bytes.
    func raw(_ json: inout JSONScanner) throws -> ByteBuffer {
        let raw = try json.raw()
        return body.getSlice(at: body.readerIndex + raw.startIndex, length: raw.count) ?? ByteBuffer()
    }

    /// Returns a string; `nil` for `null`.
    func text(_ name: String, _ json: inout JSONScanner) throws -> String? {
        switch json.kind {
        case .text: return try json.string()
        case .null:
            try json.skip()
            return nil
        default: throw try wrongType(name, "a string", &json)
        }
    }

    func flag(_ name: String, _ json: inout JSONScanner) throws -> Bool? {
        switch json.kind {
        case .flag: return try json.bool()
        case .null:
            try json.skip()
            return nil
        default: throw try wrongType(name, "a boolean", &json)
        }
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

    /// Reads up to four stop sequences.
    func stops(_ json: inout JSONScanner) throws -> [String]? {
        guard json.kind == .array else { return try text("stop", &json).map { [$0] } }
        var stops: [String] = []
        var index = 0
        try json.array { json in
            guard let stop = try text("stop[\(index)]", &json) else {
                throw Self.wrongType("stop[\(index)]", "a string", "null")
            }
            stops.append(stop)
            index += 1
        }
        guard stops.count <= 4 else {
            throw OpenAIError.Parameter(
                param: "stop",
                code: "array_above_max_length",
                message: "Invalid 'stop': array too long. Expected an array with maximum length 4, "
                    + "but got an array with length \(stops.count) instead."
            )
        }
        return stops.filter { !$0.isEmpty }
    }

    /// Reads an object; returns `false` for `null`.
    func object(
        _ name: String,
        _ json: inout JSONScanner,
        _ member: (JSONScanner.Name, inout JSONScanner) throws -> Void
    ) throws -> Bool {
        switch json.kind {
        case .object:
            try json.object(member)
            return true
        case .null:
            try json.skip()
            return false
        default: throw try wrongType(name, "an object", &json)
        }
    }

    /// The error for the next value, which has the wrong type.
    func wrongType(_ name: String, _ wanted: String, _ json: inout JSONScanner) throws -> OpenAIError.Parameter {
        Self.wrongType(name, wanted, json.kind.phrase)
    }

    private func number(_ name: String, _ wanted: String, _ json: inout JSONScanner) throws -> String? {
        switch json.kind {
        case .number: return try json.stringOrScalar()
        case .null:
            try json.skip()
            return nil
        default: throw try wrongType(name, wanted, &json)
        }
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
