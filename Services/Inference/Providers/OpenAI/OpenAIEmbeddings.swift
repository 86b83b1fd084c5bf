/// The used part of the response to `POST /embeddings`.
struct OpenAIEmbeddings: Decodable {
    var data: [Entry]
    var usage: Usage?

    struct Entry: Decodable {
        var index: Int?
        var embedding: Vector
    }

    struct Usage: Decodable {
        var prompt_tokens: Int?
    }

    /// A vector, from an array of numbers or from base64.
    struct Vector: Decodable {
        let base64: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            do {
                base64 = try container.decode(String.self)
            } catch DecodingError.typeMismatch {
                base64 = EmbeddingVector.base64(try container.decode([Float].self))
            }
        }
    }
}
