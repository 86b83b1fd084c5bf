import Contracts
import JSON
import NIOCore

/// The body of `POST /v1/embeddings`, validated and encoded for inference-svc.
struct EmbeddingsRequest: Sendable {
    let model: String
    /// The estimated number of tokens.
    let promptTokens: Int
    /// Whether the response contains vectors as base64 instead of numbers.
    let wantsBase64: Bool
    /// The JSON of an ``Inference/Embed``.
    let encoded: ByteBuffer

    /// Throws ``OpenAIError/Parameter`` for an invalid parameter.
    init(_ body: ByteBuffer) throws {
        try JSONBody.validate(body)
        let reader = ParameterReader(body: body)
        var members = Members()
        try body.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            guard json.isObject() else {
                throw OpenAIError.Parameter(param: nil, code: nil, message: "We expected a JSON object as the body.")
            }
            try json.object { try members.read($0, reader, &$1) }
        }
        model = try ParameterReader.requiredModel(members.model)
        guard let input = members.input else { throw ParameterReader.missing("input") }
        wantsBase64 = members.wantsBase64
        promptTokens =
            input.tokens.isEmpty
            ? TokenEstimate.tokens(in: input.texts) : input.tokens.reduce(0) { $0 + $1.count }
        encoded = Self.encoded(model, input, members.dimensions)
    }

    private static func encoded(_ model: String, _ input: EmbeddingInput, _ dimensions: Int?) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", model)
            json.array("input", input.texts) { $0.text($1) }
            if !input.tokens.isEmpty {
                json.array("tokens", input.tokens) { json, numbers in json.array(numbers) { $0.raw(String($1)) } }
            }
            if let dimensions { json.field("dimensions", dimensions) }
        }
        return json.buffer
    }

    /// The members that have been read.
    private struct Members {
        var model: String?
        var input: EmbeddingInput?
        var dimensions: Int?
        var wantsBase64 = false

        mutating func read(
            _ name: JSONScanner.Name,
            _ reader: ParameterReader,
            _ json: inout JSONScanner
        ) throws {
            switch name {
            case "model": model = try reader.text("model", &json)
            case "dimensions": dimensions = try reader.integer("dimensions", &json, in: 1...65_536)
            case "encoding_format":
                let format = try reader.text("encoding_format", &json) ?? "float"
                guard ["float", "base64"].contains(format) else {
                    throw ParameterReader.invalid("encoding_format", format, "'float' and 'base64'")
                }
                wantsBase64 = format == "base64"
            case "input": input = try EmbeddingInput(reader, &json)
            default: try json.skip()
            }
        }
    }
}
