import JSON
import NIOCore

/// What `POST /api/embed` answers, as far as we read it.
///
/// Vectors are long and many: they are read number by number, without a tree.
struct OllamaEmbeddings {
    /// Each as base64 of its numbers.
    var vectors: [String] = []
    var promptTokens: Int?
    /// How long the vectors are.
    private var length: Int?

    /// Throws ``JSONScanner/Malformed`` when it is no JSON, or its vectors are none of one length.
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
