import Contracts

/// What a provider is asked to make vectors of.
struct EmbeddingRequest: Sendable {
    /// The model's name as the provider knows it.
    var model: String
    var input: [String]
    /// How long each vector should be; absent: as the model makes it.
    var dimensions: Int?
    /// How long the provider may take.
    var responseTimeout: Duration

    /// How many tokens the texts are taken to have where the provider does not count them.
    var estimatedTokens: Int { TokenEstimate.tokens(in: input) }
}
