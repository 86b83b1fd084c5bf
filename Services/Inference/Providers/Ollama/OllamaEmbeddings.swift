import JSON
import NIOCore

/// The used part of the response to `POST /api/embed`.
///
/// Vectors are large, so they are read without an intermediate tree.
struct OllamaEmbeddings {
    /// Each vector as base64.
    var vectors: [String] = []
    var promptTokens: Int?
    /// The number of dimensions.
    private var length: Int?

    /// Throws ``JSONScanner/Malformed`` for invalid JSON, and for vectors with different numbers of dimensions.
    init(_ bytes: ByteBuffer) throws {
        self = try bytes.withUnsafeReadableBytes { bytes in
            var json = JSONScanner(bytes)
            var embeddings = OllamaEmbeddings()
            try json.object { name, json in
                switch name {
                case "embeddings": try json.array { try embeddings.read(&$0) }
                case "prompt_eval_count": embeddings.promptTokens = try json.count()
                default: try json.skip()
                }
            }
            try json.end()
            return embeddings
        }
    }

    private init() {}

    private mutating func read(_ json: inout JSONScanner) throws {
        var numbers: [Float] = []
        numbers.reserveCapacity(length ?? 1024)
        try json.array { json in
            let number = Float(try json.double())
            guard number.isFinite else { throw JSONScanner.Malformed() }
            numbers.append(number)
        }
        guard !numbers.isEmpty, length == nil || length == numbers.count else { throw JSONScanner.Malformed() }
        length = numbers.count
        vectors.append(EmbeddingVector.base64(numbers))
    }
}
