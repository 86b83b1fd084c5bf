import Contracts
import JSON
import NIOCore

/// The body of `POST /v1/embeddings`.
struct EmbeddingsRequest {
    private(set) var request = Inference.Embed(model: nil, input: [])
    /// Whether the response contains vectors as base64 instead of numbers.
    private(set) var wantsBase64 = false
    private var hasInput = false

    /// Throws ``OpenAIError/Parameter`` for an invalid parameter.
    init(_ body: ByteBuffer) throws {
        try JSONBody.validate(body)
        let reader = ParameterReader(body: body)
        try body.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            guard json.isObject() else {
                throw OpenAIError.Parameter(param: nil, code: nil, message: "We expected a JSON object as the body.")
            }
            try json.object { try read($0, reader, &$1) }
        }
        guard let model = request.model, !model.isEmpty else {
            throw OpenAIError.Parameter(param: nil, code: nil, message: "you must provide a model parameter")
        }
        try ParameterReader.checkName(model)
        guard hasInput else { throw ParameterReader.missing("input") }
    }

    private mutating func read(
        _ name: JSONScanner.Name,
        _ reader: ParameterReader,
        _ json: inout JSONScanner
    ) throws {
        switch name {
        case "model": request.model = try reader.text("model", &json)
        case "dimensions": request.dimensions = try reader.integer("dimensions", &json, in: 1...65_536)
        case "encoding_format":
            let format = try reader.text("encoding_format", &json) ?? "float"
            guard ["float", "base64"].contains(format) else {
                throw ParameterReader.invalid("encoding_format", format, "'float' and 'base64'")
            }
            wantsBase64 = format == "base64"
        case "input":
            hasInput = true
            request.input = try input(reader, &json)
        default: try json.skip()
        }
    }

    /// Parses one text or several; token numbers are not supported, because they depend on the model.
    private func input(_ reader: ParameterReader, _ json: inout JSONScanner) throws -> [String] {
        guard json.kind == .array else {
            guard json.kind == .text else {
                throw ParameterReader.wrongType("input", "one of a string or array of strings", json.kind.phrase)
            }
            return try checked([try json.string()])
        }
        var texts: [String] = []
        try json.array { json in
            guard json.kind == .text else {
                throw OpenAIError.Parameter(
                    param: "input",
                    code: "invalid_type",
                    message: "Invalid type for 'input[\(texts.count)]': expected a string, but got \(json.kind.phrase) "
                        + "instead. Token arrays are not supported: send strings."
                )
            }
            texts.append(try json.string())
        }
        return try checked(texts)
    }

    private func checked(_ texts: [String]) throws -> [String] {
        guard !texts.isEmpty, texts.allSatisfy({ !$0.isEmpty }) else {
            throw OpenAIError.Parameter(
                param: "input",
                code: nil,
                message: "Invalid 'input': it must not be an empty array or contain an empty string."
            )
        }
        guard texts.count <= 2048 else {
            throw OpenAIError.Parameter(
                param: "input",
                code: "array_above_max_length",
                message: "Invalid 'input': array too long. Expected an array with maximum length 2048, "
                    + "but got an array with length \(texts.count) instead."
            )
        }
        return texts
    }
}
