import Contracts
import JSON
import NIOCore

/// Reads the members of a request and refuses what is wrong as OpenAI's API does, word for word.
struct ParameterReader {
    private let body: ByteBuffer

    /// - Parameter body: what the scanner walks over.
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

    /// Refuses a name that is longer than any model's, before anybody keeps it.
    static func checkName(_ model: String) throws {
        guard model.utf8.count > 256 else { return }
        throw Fault(.missing, "The model `\(model.prefix(64))…` does not exist: its name is too long.")
    }

    /// The value that is next, as the bytes that it came as.
    func raw(_ json: inout JSONScanner) throws -> ByteBuffer {
        let raw = try json.raw()
        return body.getSlice(at: body.readerIndex + raw.startIndex, length: raw.count) ?? ByteBuffer()
    }

    /// A string; `null` is nothing.
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

    /// A text that ends the answer, or up to four of them.
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

    /// Reads an object; answers whether there was one, rather than `null`.
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

    /// The error for a value of the wrong kind, which is next.
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
    /// What it is called in a sentence.
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
