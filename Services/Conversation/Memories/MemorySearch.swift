import Bus
import Contracts
import Logging
import Metrics

/// Searches a user's memories by words and by meaning.
struct MemorySearch: Sendable {
    /// Maximum time to embed the query, after which the memories are searched by words only.
    static let embeddingLimit = Duration.seconds(2)
    /// The built-in model compares words and parts of words, so unrelated texts have nothing in common.
    private static let builtInModel = "demo/hash-embedding"
    private static let builtInSimilarity: Float = 0.2

    let store: any MemoryStore
    /// `nil` for a search by words only.
    let embeddings: MemoryEmbeddings?

    /// Which memories match.
    enum Breadth: Sendable {
        /// The nearest ones, whatever their distance.
        case nearest
        /// Those that are related to the text.
        case related
        /// Those that are related to the text by more than words such as `the`.
        case clearlyRelated
    }

    func find(
        _ text: String,
        of user: String,
        limit: Int,
        breadth: Breadth,
        within embeddingLimit: Duration = embeddingLimit,
        _ context: CallContext
    ) async throws -> [Memory] {
        guard store.mayHaveMemories(user) else { return [] }
        let text = String(text.prefix(bytes: Memories.Search.maxBytes))
        var query = MemoryQuery(
            words: MemoryWords.query(text, includesCommon: breadth != .clearlyRelated),
            limit: limit
        )
        query.meaning = await meaning(of: text, within: embeddingLimit, context)
        if breadth != .nearest, let model = query.meaning?.model.name {
            query.similarity = model == Self.builtInModel ? .atLeast(Self.builtInSimilarity) : .aboveAverage
        }
        return try await store.searchMemories(query, of: user)
    }

    /// Returns the embedding of the text; `nil` if it cannot be embedded in time.
    private func meaning(
        of text: String,
        within limit: Duration,
        _ context: CallContext
    ) async -> (vector: MemoryVector, model: EmbeddingModel)? {
        guard let embeddings, !text.isEmpty else { return nil }
        var context = context
        context.deadline = min(context.deadline ?? .now + limit, .now + limit)
        do {
            return try await embeddings.embed(query: text, context)
        } catch {
            Counter(label: "conversation.memories.queries_not_embedded").increment()
            Logger.current.debug("Query not embedded; searching by words", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
