import JSON
import NIOCore

/// The request and the response of `:batchEmbedContents`.
enum GeminiEmbeddings {
    static let limits = EmbeddingLimits(texts: 100)

    /// The body of a request.
    static func body(resource: String, _ request: EmbeddingRequest) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.array("requests", request.texts) { json, text in
                json.object { json in
                    json.field("model", resource)
                    json.object("content") { json in
                        json.array("parts", [text]) { json, text in json.object { $0.field("text", text) } }
                    }
                    if let dimensions = request.dimensions { json.field("outputDimensionality", dimensions) }
                }
            }
        }
        return json.buffer
    }

    /// Reads a response.
    static func answer(_ bytes: ByteBuffer, to request: EmbeddingRequest) throws(EmbeddingFlaw) -> EmbeddingAnswer {
        try EmbeddingAnswer(bytes, for: request) { name, json, vectors, tokens in
            switch name {
            case "embeddings": try json.array { try add(&$0, to: &vectors) }
            case "usageMetadata":
                try json.objectOrSkip { name, json in
                    if case "promptTokenCount" = name { tokens = try json.optionalInt() } else { try json.skip() }
                }
            default: try json.skip()
            }
        }
    }

    private static func add(_ json: inout JSONScanner, to vectors: inout EmbeddingVectors) throws {
        var vector: EmbeddingVectors.Vector?
        try json.object { name, json in
            if case "values" = name { vector = try vectors.read(&json) } else { try json.skip() }
        }
        guard let vector else { throw EmbeddingFlaw.malformed }
        try vectors.add(vector, index: nil)
    }
}

/// The request and the response of `:countTokens`.
///
/// Gemini cuts texts that are too long for an embedding model without saying so; the count says it before.
enum GeminiTokenCount {
    static func body(_ text: String) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.array("contents", [text]) { json, text in
                json.object { json in
                    json.array("parts", [text]) { json, text in json.object { $0.field("text", text) } }
                }
            }
        }
        return json.buffer
    }

    /// The number of tokens in a response; `nil` if it has none.
    static func tokens(_ bytes: ByteBuffer) -> Int? {
        var tokens: Int?
        do {
            try bytes.withUnsafeReadableBytes { bytes in
                var json = JSONScanner(bytes)
                try json.object { name, json in
                    if case "totalTokens" = name { tokens = try json.optionalInt() } else { try json.skip() }
                }
            }
        } catch {
            return nil
        }
        return tokens
    }
}
