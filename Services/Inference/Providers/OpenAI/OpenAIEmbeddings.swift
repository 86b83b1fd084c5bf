import JSON
import NIOCore

/// The request and the response of `POST /embeddings`.
enum OpenAIEmbeddings {
    /// What OpenAI accepts in one request; servers that are compatible with it accept as much or more.
    static func limits(asBase64: Bool) -> EmbeddingLimits {
        EmbeddingLimits(texts: 2048, tokens: 300_000, bytesPerNumber: asBase64 ? 6 : 24, acceptsTokens: true)
    }

    /// The body of a request; tokens are sent as they are.
    static func body(_ request: EmbeddingRequest, asBase64: Bool) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.array("input", request.items) { json, item in
                switch item {
                case .text(let text): json.text(text)
                case .tokens(let numbers): json.array(numbers) { $0.raw(String($1)) }
                }
            }
            if let dimensions = request.dimensions { json.field("dimensions", dimensions) }
            json.field("encoding_format", asBase64 ? "base64" : "float")
        }
        return json.buffer
    }

    /// Reads a response, with vectors as numbers or as base64.
    static func answer(_ bytes: ByteBuffer, to request: EmbeddingRequest) throws(EmbeddingFlaw) -> EmbeddingAnswer {
        try EmbeddingAnswer(bytes, for: request) { name, json, vectors, tokens in
            switch name {
            case "data": try json.array { try add(&$0, to: &vectors) }
            case "usage":
                try json.objectOrSkip { name, json in
                    if case "prompt_tokens" = name { tokens = try json.optionalInt() } else { try json.skip() }
                }
            default: try json.skip()
            }
        }
    }

    private static func add(_ json: inout JSONScanner, to vectors: inout EmbeddingVectors) throws {
        var index: Int?
        var vector: EmbeddingVectors.Vector?
        try json.object { name, json in
            switch name {
            case "index": index = json.kind == .null ? try skipped(&json) : try json.int()
            case "embedding": vector = try vectors.read(&json)
            default: try json.skip()
            }
        }
        guard let vector else { throw EmbeddingFlaw.malformed }
        try vectors.add(vector, index: index)
    }

    private static func skipped(_ json: inout JSONScanner) throws -> Int? {
        try json.skip()
        return nil
    }
}
