/// What a provider accepts in one request for embeddings.
struct EmbeddingLimits: Sendable, Equatable {
    /// Maximum number of texts.
    var texts: Int
    /// Maximum number of tokens of all texts.
    var tokens = Int.max
    /// The size of one number of a vector in an answer, in bytes: digits in JSON, less in base64.
    var bytesPerNumber = 24
    /// Whether a text can be sent as tokens of the vocabulary `cl100k_base`.
    var acceptsTokens = false

    /// The limits that two providers have in common; a text can be decoded for each provider alone.
    func combined(with other: EmbeddingLimits) -> EmbeddingLimits {
        EmbeddingLimits(
            texts: min(texts, other.texts),
            tokens: min(tokens, other.tokens),
            bytesPerNumber: max(bytesPerNumber, other.bytesPerNumber),
            acceptsTokens: acceptsTokens && other.acceptsTokens
        )
    }
}
