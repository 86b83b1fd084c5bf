import Bus
import ServiceLifecycle

/// Creates the parts of the service for memories.
struct MemoryServices: Sendable {
    let search: MemorySearch
    let handlers: MemoryHandlers
    /// The tools by which models create and recall memories.
    var tools: [any Tool] { [CreateMemoryTool(memories: handlers), RecallMemoryTool(memories: handlers)] }
    let background: [any Service]

    /// `model` is the model that embeds memories; `nil` for a search by words only.
    init(store: any MemoryStore, inference: any Bus, model: String?, retryPause: Duration = .seconds(1)) {
        let embeddings = model.map { model in
            MemoryEmbeddings(
                store: store,
                embedder: MemoryEmbedder(inference: inference, model: model),
                retryPause: retryPause
            )
        }
        let purge = BackgroundPurge(of: "memories") { try await store.purgeMemories() }
        search = MemorySearch(store: store, embeddings: embeddings)
        handlers = MemoryHandlers(store: store, search: search, purge: purge)
        background = [purge] + [embeddings].compactMap(\.self)
    }
}
