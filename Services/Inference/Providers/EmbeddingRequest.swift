import Contracts

/// A request for embeddings, as a provider receives it.
struct EmbeddingRequest: Sendable {
    /// The model's name without the provider.
    var model: String
    var input: [String]
    /// The number of dimensions; `nil` for the model's default.
    var dimensions: Int?
    /// Maximum duration of the request.
    var responseTimeout: Duration

    /// The number of tokens, for providers that do not report it.
    var estimatedTokens: Int { TokenEstimate.tokens(in: input) }
}
