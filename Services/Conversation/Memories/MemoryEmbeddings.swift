import Bus
import Contracts
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Embeds stored memories in the background: new ones, and all of them after the model was changed.
///
/// A memory without an embedding of the current model is found by its words. What a process that ends has not embedded,
/// the next one embeds.
final class MemoryEmbeddings: Service {
    /// Number of texts per request.
    private static let batch = 32
    private static let timeLimit = Duration.seconds(60)
    private static let maxPause = Duration.seconds(60)

    let embedder: MemoryEmbedder
    private let store: any MemoryStore
    private let retryPause: Duration
    private let model = Mutex<EmbeddingModel?>(nil)
    private let signal: AsyncStream<Void>
    private let signaller: AsyncStream<Void>.Continuation
    private let embedded = Counter(label: "conversation.memories.embedded")

    /// `retryPause` follows the first failed request; it doubles.
    init(store: any MemoryStore, embedder: MemoryEmbedder, retryPause: Duration = .seconds(1)) {
        self.store = store
        self.embedder = embedder
        self.retryPause = retryPause
        (signal, signaller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        // An earlier process may have left some, or the model may have been changed.
        signaller.yield()
    }

    /// Begins to embed what was stored.
    func start() {
        signaller.yield()
    }

    /// Embeds a query; if the provider's model has changed, all memories are embedded again.
    func embed(query: String, _ context: CallContext) async throws -> (vector: MemoryVector, model: EmbeddingModel)? {
        let result = try await embedder.embed([query], context)
        guard let vector = result.vectors.first ?? nil else { return nil }
        use(result.model)
        return (vector, result.model)
    }

    private func use(_ current: EmbeddingModel) {
        guard current.dimensions > 0 else { return }
        let isChanged = model.withLock { model in
            defer { model = current }
            return model != current
        }
        if isChanged { signaller.yield() }
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in self.signal { await self.embedAll() }
        }
    }

    private func embedAll() async {
        var pause = retryPause
        while !Task.isCancelled, store.mayHaveMemories {
            do {
                guard try await embedNext() else { return }
                pause = retryPause
            } catch {
                guard !Task.isCancelled else { return }
                Logger.current.warning(
                    "Memories not embedded; retrying later",
                    metadata: ["error": "\((error as? Fault)?.message ?? "\(error)")"]
                )
                do { try await Task.sleep(for: pause, clock: .suspending) } catch { return }
                pause = min(pause * 2, Self.maxPause)
            }
        }
    }

    /// Embeds one batch; returns `false` if nothing is left.
    private func embedNext() async throws -> Bool {
        // Without a request, it is unknown which model the provider uses.
        if model.withLock({ $0 == nil }) { use(try await embedder.embed(["memory"], context()).model) }
        guard let current = model.withLock({ $0 }) else { return false }
        let memories = try await store.memoriesToEmbed(by: current, limit: Self.batch)
        guard !memories.isEmpty else { return false }
        try await embed(memories, current)
        return true
    }

    /// Embeds memories; of a batch that the model refuses, each half separately.
    private func embed(_ memories: [UnembeddedMemory], _ current: EmbeddingModel) async throws {
        do {
            let (vectors, model) = try await embedder.embed(memories.map(\.text), context())
            use(model)
            try await store.storeEmbeddings(
                zip(memories, vectors).map { ($0, $1) },
                of: model.dimensions > 0 ? model : current
            )
            embedded.increment(by: memories.count)
        } catch let fault as Fault where [.invalid, .tooLarge].contains(fault.code) {
            guard memories.count > 1 else {
                let metadata: Logger.Metadata = ["memory.id": "\(memories[0].id)", "fault": "\(fault.message)"]
                Logger.current.warning(
                    "The model refuses to embed a memory; it is found by its words",
                    metadata: metadata
                )
                return try await store.storeEmbeddings([(memories[0], nil)], of: current)
            }
            try await embed(Array(memories.prefix(memories.count / 2)), current)
            try await embed(Array(memories.dropFirst(memories.count / 2)), current)
        }
    }

    private func context() -> CallContext {
        CallContext(deadline: .now + Self.timeLimit)
    }
}
