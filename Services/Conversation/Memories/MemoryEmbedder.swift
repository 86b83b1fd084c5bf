import Bus
import Contracts

/// Embeds texts with the model of the settings.
struct MemoryEmbedder: Sendable {
    /// How much of a text is embedded, in bytes: models refuse texts beyond their window.
    static let textLimit = Memory.maxBytes

    let inference: any Bus
    /// `provider/model`.
    let model: String

    /// Returns the vectors in the order of the texts, `nil` for those that have no direction, and the model that made
    /// them.
    func embed(
        _ texts: [String],
        _ context: CallContext
    ) async throws -> (vectors: [MemoryVector?], model: EmbeddingModel) {
        let input = texts.map { String($0.prefix(bytes: Self.textLimit)) }
        let response = try await inference.call(Inference.Embed(model: model, input: input), context)
        guard response.vectors.count == texts.count else {
            throw Fault(
                .provider,
                "The embedding model returned \(response.vectors.count) vectors for \(texts.count) texts."
            )
        }
        let vectors = response.vectors.map { MemoryVector(base64: $0) }
        let dimensions = Set(vectors.compactMap { $0?.values.count })
        guard dimensions.count <= 1 else {
            throw Fault(.provider, "The embedding model returned vectors of different sizes.")
        }
        return (vectors, EmbeddingModel(name: response.model, dimensions: dimensions.first ?? 0))
    }
}

extension String {
    /// The beginning of the text up to a number of bytes, without a part of a character.
    func prefix(bytes: Int) -> Substring {
        guard utf8.count > bytes else { return self[...] }
        var end = utf8.index(startIndex, offsetBy: bytes)
        while end.samePosition(in: self) == nil, end > startIndex { end = utf8.index(before: end) }
        return self[..<end]
    }
}
