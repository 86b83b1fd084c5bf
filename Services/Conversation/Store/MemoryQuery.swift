import Contracts

/// A search for memories.
struct MemoryQuery: Sendable {
    /// ``MemoryWords/query(_:includesCommon:)`` of the text.
    var words: [Int64]
    /// The embedding of the text and its model; `nil` for a search by words only.
    var meaning: (vector: MemoryVector, model: EmbeddingModel)?
    var similarity = Similarity.any
    var limit: Int

    /// Which memories are similar enough to match by meaning.
    enum Similarity: Sendable, Hashable {
        /// The most similar ones, whatever their similarity.
        case any
        /// Those whose cosine is at least this.
        case atLeast(Float)
        /// Those whose cosine is closer to the best than to the average of the compared memories: the similarity of
        /// unrelated texts differs from model to model.
        case aboveAverage
    }
}

/// The model of an embedding; vectors of different models, or of different sizes, are never compared.
struct EmbeddingModel: Sendable, Hashable {
    /// `provider/model`.
    var name: String
    var dimensions: Int
}

/// A memory to be embedded.
struct UnembeddedMemory: Sendable, Hashable {
    var id: Memory.ID
    var text: String
    /// Its version: changes with the text.
    var updatedAt: Timestamp
}
