import Contracts
import JSON

/// Reads `input` of `POST /v1/embeddings`: one text, several texts, one array of token numbers, or several.
struct EmbeddingInput {
    private static let countLimit = 2048
    /// Maximum number of tokens in one text, and in all texts together.
    private static let tokenLimit = 1_000_000

    private(set) var texts: [String] = []
    private(set) var tokens: [[Int]] = []
    private var tokenCount = 0
    private var count = 0

    /// Throws ``OpenAIError/Parameter`` for an invalid input.
    init(_ reader: ParameterReader, _ json: inout JSONScanner) throws {
        switch json.kind {
        case .text: texts = [try json.string()]
        case .array: try readArray(reader, &json)
        default: throw Self.wrongType("input", json.kind)
        }
        guard !texts.isEmpty || !tokens.isEmpty, !texts.contains(""), !tokens.contains([]) else {
            throw OpenAIError.Parameter(
                param: "input",
                code: nil,
                message: "Invalid 'input': it must not be an empty array or contain an empty string or array."
            )
        }
        guard count <= Self.countLimit else {
            throw OpenAIError.Parameter(
                param: "input",
                code: "array_above_max_length",
                message: "Invalid 'input': array too long. Expected an array with maximum length \(Self.countLimit), "
                    + "but got an array with length \(count) instead."
            )
        }
    }

    private mutating func readArray(_ reader: ParameterReader, _ json: inout JSONScanner) throws {
        var first: JSONScanner.Kind?
        var whole: [Int] = []
        try json.array { json in
            let kind = json.kind
            if kind != first, first != nil { throw Self.wrongType("input[\(count)]", kind) }
            first = kind
            switch kind {
            case .text where count < Self.countLimit: texts.append(try json.string())
            case .array where count < Self.countLimit: tokens.append(try numbers(reader, &json))
            case .text, .array: try json.skip()
            case .number: whole.append(try number("input[\(whole.count)]", reader, &json))
            default: throw Self.wrongType("input[\(count)]", kind)
            }
            if kind != .number { count += 1 }
        }
        if first == .number { tokens = [whole] }
    }

    private mutating func numbers(_ reader: ParameterReader, _ json: inout JSONScanner) throws -> [Int] {
        var numbers: [Int] = []
        let index = count
        try json.array { numbers.append(try number("input[\(index)][\(numbers.count)]", reader, &$0)) }
        return numbers
    }

    private mutating func number(
        _ name: @autoclosure () -> String,
        _ reader: ParameterReader,
        _ json: inout JSONScanner
    ) throws -> Int {
        tokenCount += 1
        guard tokenCount <= Self.tokenLimit else {
            throw OpenAIError.Parameter(
                param: "input",
                code: "array_above_max_length",
                message: "Invalid 'input': it has more than \(Self.tokenLimit) tokens. Send fewer texts."
            )
        }
        guard json.kind == .number else { throw ParameterReader.wrongType(name(), "an integer", json.kind.phrase) }
        // The usual case, without the name for an error.
        var next = json
        if let value = try next.optionalInt(), (0...Int(Int32.max)).contains(value) {
            json = next
            return value
        }
        let name = name()
        guard let value = try reader.integer(name, &json, in: 0...Int(Int32.max)) else {
            throw ParameterReader.wrongType(name, "an integer", "null")
        }
        return value
    }

    private static func wrongType(_ name: String, _ kind: JSONScanner.Kind) -> OpenAIError.Parameter {
        ParameterReader.wrongType(
            name,
            "a string, an array of strings, an array of integers or an array of arrays of integers",
            kind.phrase
        )
    }
}
