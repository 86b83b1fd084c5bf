import JSON
import NIOCore

/// The request and the response of `POST /api/embed`.
enum OllamaEmbeddings {
    /// Small batches: a failed one is repeated, and a model on a processor needs long for many texts.
    static let limits = EmbeddingLimits(texts: 64)

    /// The body of a request.
    ///
    /// `window` is the context window in tokens. Without it Ollama uses a smaller one, and without `truncate` it cuts longer
    /// texts silently.
    static func body(_ request: EmbeddingRequest, window: Int?) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            json.field("model", request.model)
            json.array("input", request.texts) { $0.text($1) }
            json.field("truncate", false)
            if let dimensions = request.dimensions { json.field("dimensions", dimensions) }
            if let window { json.object("options") { $0.field("num_ctx", window) } }
        }
        return json.buffer
    }

    /// Reads a response.
    static func answer(_ bytes: ByteBuffer, to request: EmbeddingRequest) throws(EmbeddingFlaw) -> EmbeddingAnswer {
        try EmbeddingAnswer(bytes, for: request) { name, json, vectors, tokens in
            switch name {
            case "embeddings": try json.array { try vectors.add(vectors.read(&$0), index: nil) }
            case "prompt_eval_count": tokens = try json.optionalInt()
            default: try json.skip()
            }
        }
    }
}
