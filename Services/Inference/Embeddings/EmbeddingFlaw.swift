/// Why an answer with embeddings cannot be used.
enum EmbeddingFlaw: Error, Equatable {
    case malformed
    case count(Int, expected: Int)
    case emptyVector(Int)
    /// Something in a vector is no finite number, such as `NaN` or `null`.
    case notFinite(Int)
    case dimensions(Int, expected: Int)
    /// An index is repeated, missing or too large.
    case index(Int?)

    /// What the provider sent.
    var description: String {
        switch self {
        case .malformed: "invalid embeddings"
        case .count(let count, let expected): "\(count) vectors for \(expected) texts"
        case .emptyVector(let index): "an empty vector for text \(index)"
        case .notFinite(let index): "a vector for text \(index) with something that is no finite number"
        case .dimensions(let count, let expected): "a vector with \(count) dimensions instead of \(expected)"
        case .index(let index?): "vectors with the index \(index) repeated or out of range"
        case .index(nil): "vectors of which only some have an index"
        }
    }
}
