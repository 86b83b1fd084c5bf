import Bus
import Contracts
import Synchronization

/// Looks up the prices of fallback models while they answer, so that no event and no end waits for a lookup.
///
/// Every lookup ends within `timeout` and is awaited by ``all(_:)``.
final class PriceTasks: Sendable {
    private static let timeout = Duration.seconds(2)

    private let modelCache: ModelCache
    private let context: CallContext
    private let tasks = Mutex<[String: Task<Model?, Never>]>([:])

    init(_ modelCache: ModelCache, _ context: CallContext) {
        self.modelCache = modelCache
        self.context = context
    }

    /// Starts the lookup of a model's price; it continues if the run is stopped.
    func lookUp(_ model: String) {
        _ = task(of: model)
    }

    /// Returns the prices of models; `nil` for a price that is unknown.
    func all(_ models: [String]) async -> [(model: String, price: Model.Price?)] {
        let started = models.map { ($0, task(of: $0)) }
        var prices: [(model: String, price: Model.Price?)] = []
        for (model, task) in started { prices.append((model, await task.value?.price)) }
        return prices
    }

    private func task(of model: String) -> Task<Model?, Never> {
        tasks.withLock { tasks in
            if let task = tasks[model] { return task }
            let task = Task { [modelCache, context] in
                await modelCache.modelIfKnown(model, context, within: Self.timeout)
            }
            tasks[model] = task
            return task
        }
    }
}
