/// What a provider is asked to make vectors of.
struct EmbeddingRequest: Sendable {
    /// The model's name as the provider knows it.
    var model: String
    var input: [String]
    /// How long each vector should be; absent: as the model makes it.
    var dimensions: Int?
    /// How long the provider may take.
    var patience: Duration

    /// About how many tokens the texts hold.
    var estimatedTokens: Int { input.reduce(0) { $0 + $1.utf8.count / 4 + 1 } }
}
