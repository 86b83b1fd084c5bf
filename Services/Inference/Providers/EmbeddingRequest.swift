/// A request for the embeddings of one batch, as a provider receives it.
struct EmbeddingRequest: Sendable {
    /// The model's name without the provider.
    var model: String
    var items: [EmbeddingItem]
    /// The number of dimensions; `nil` for the model's default.
    var dimensions: Int?
    /// Maximum duration of the request.
    var responseTimeout: Duration

    /// The texts, for providers that do not accept tokens.
    var texts: [String] {
        items.compactMap { item in
            guard case .text(let text) = item else { return nil }
            return text
        }
    }

    /// The size of the input, in bytes.
    var byteCount: Int { items.reduce(0) { $0 + $1.byteCount } }
}
