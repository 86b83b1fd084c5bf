import Contracts
import Logging
import ServiceLifecycle
import Synchronization

/// The models of all providers, refreshed periodically in the background.
///
/// Thread-safe.
final class Catalogue: Service {
    private let providers: [any Provider]
    private let defaultModel: String?
    private let prices: PriceList
    private let interval: Duration
    /// Maximum number of cached routes.
    private static let routeLimit = 1000

    private let directory: Mutex<ModelDirectory>
    /// The number of refreshes started, and the latest one whose result was applied.
    private struct RefreshNumbers {
        var started = 0
        var applied = 0
    }

    private let refreshes = Mutex<[String: RefreshNumbers]>([:])
    /// The refresh of all lists that is in progress: requests that wait for it do not begin one each.
    private let sharedRefresh = Mutex<Task<Void, Never>?>(nil)
    /// The number of changes of the lists.
    private let changes = Atomic(0)
    /// Cached routes by name, cleared by each refresh.
    private let routes = Mutex<[String: ModelDirectory.Route]>([:])

    /// - Parameters:
    /// - providers: the providers, in order of preference.
    /// - defaultModel: the model for requests without a name; default: a model of the first available provider.
    /// - prices: the prices of models.
    /// - interval: the time between refreshes.
    init(
        providers: [any Provider],
        defaultModel: String?,
        prices: PriceList = PriceList(),
        interval: Duration = .seconds(30)
    ) {
        self.providers = providers
        self.defaultModel = defaultModel
        self.prices = prices
        self.interval = interval
        directory = Mutex(ModelDirectory(providers))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.refresh()
                // Cancellation ends the loop.
                do { try await Task.sleep(for: self.interval) } catch { break }
            }
            self.sharedRefresh.withLock { $0 }?.cancel()
        }
    }

    /// A number that changes with the lists of models.
    var version: Int { changes.load(ordering: .acquiring) }

    /// The state of each provider.
    var reports: [Models.ProviderReport] {
        directory.withLock { $0.reports }
    }

    /// The names of the providers.
    var providerNames: [String] { providers.map(\.name) }

    /// Returns the route for a name, or for the default model.
    ///
    /// Waits for the first refresh only if the default model depends on it; otherwise the first request after the start
    /// would go to a different model than the second.
    func route(_ name: String?) async throws -> ModelDirectory.Route {
        if let name = name ?? defaultModel {
            if let known = routes.withLock({ $0[name] }) { return known }
            let route = try directory.withLock { try $0.route(name) }
            routes.withLock { routes in
                if routes.count >= Self.routeLimit { routes = [:] }
                routes[name] = route
            }
            return route
        }
        if !directory.withLock({ $0.isComplete }) { await refreshLists() }
        return try directory.withLock { try $0.fallbackRoute() }
    }

    /// Returns the model with a name, and its context window.
    func find(_ name: String?) async throws -> Model {
        let route = try await route(name)
        guard let provider = providers.first(where: { $0.name == route.provider }) else {
            throw Fault(.missing, "Provider \(route.provider) not found.")
        }
        do {
            var model = try await provider.model(route.model)
            model.name = route.name
            model.price = prices.price(of: route.model, from: route.provider)
            return model
        } catch let error as ProviderError {
            throw error.logged()
        }
    }

    /// The listed model of a route; `nil` if its provider does not list it.
    func listed(_ route: ModelDirectory.Route) -> Model? { directory.withLock { $0.model(route) } }

    /// Throws `invalid` if the model is known to lack an ability.
    static func check(_ model: Model?, for needs: [Model.Ability]) throws(Fault) {
        guard let model else { return }
        for need in needs where !model.supports(need) {
            if need == .chat { throw Fault(.invalid, "\(model.name) supports embeddings only. Choose a chat model.") }
            throw Fault(.invalid, "\(model.name) does not support \(need.rawValue). Choose a model that does.")
        }
    }

    /// Refreshes the lists of models, and then the context windows of new models.
    func refresh() async {
        await refreshLists()
        for provider in providers {
            let report = directory.withLock(\.reports).first { $0.name == provider.name }
            guard let report, report.fault == nil else { continue }
            for model in report.models where !Task.isCancelled {
                do {
                    _ = try await provider.model(String(model.name.dropFirst(provider.name.count + 1)))
                } catch {
                    Logger.current.debug("No window", metadata: ["model.name": "\(model.name)", "error": "\(error)"])
                }
            }
        }
        await refreshLists()
    }

    /// Refreshes one provider and one of its models, after a model was pulled, created or deleted.
    func refresh(_ name: String, _ model: String?) async {
        guard let provider = providers.first(where: { $0.name == name }) else { return }
        await refreshList(of: provider)
        guard let model else { return }
        do {
            _ = try await provider.model(model)
        } catch {
            Logger.current.debug("No window", metadata: ["model.name": "\(model)", "error": "\(error)"])
        }
        await refreshList(of: provider)
    }

    /// Refreshes all providers, together with all others that wait for the same.
    private func refreshLists() async {
        let refresh = sharedRefresh.withLock { shared in
            if let shared { return shared }
            let task = Task {
                await self.refreshAllLists()
                self.sharedRefresh.withLock { $0 = nil }
            }
            shared = task
            return task
        }
        await refresh.value
    }

    /// Refreshes all providers concurrently.
    private func refreshAllLists() async {
        await withTaskGroup { group in
            for provider in providers {
                group.addTask { await self.refreshList(of: provider) }
            }
        }
    }

    private func refreshList(of provider: any Provider) async {
        let number = refreshes.withLock { refreshes in
            refreshes[provider.name, default: RefreshNumbers()].started += 1
            return refreshes[provider.name]?.started ?? 0
        }
        guard let result = await list(provider) else { return }
        refreshes.withLock { refreshes in
            // The result of an older refresh is ignored.
            guard number > refreshes[provider.name]?.applied ?? 0 else { return }
            refreshes[provider.name]?.applied = number
            directory.withLock { $0.update(provider.name, with: result) }
        }
        routes.withLock { $0 = [:] }
        changes.add(1, ordering: .releasing)
    }

    /// Lists a provider's models; returns `nil` if the task is cancelled.
    private func list(_ provider: any Provider) async -> Result<[Model], Fault>? {
        do {
            return .success(
                try await provider.models().map { model in
                    var model = model
                    model.price = prices.price(
                        of: String(model.name.dropFirst(provider.name.count + 1)),
                        from: provider.name
                    )
                    return model
                }
            )
        } catch let error as ProviderError {
            let isNew = directory.withLock(\.entries).first { $0.name == provider.name }?.fault == nil
            Logger.current.log(
                level: isNew && provider.isConfigured ? .notice : .debug,
                "Listing failed",
                metadata: error.metadata
            )
            return .failure(error.fault)
        } catch let fault as Fault {
            return .failure(fault)
        } catch is CancellationError {
            return nil
        } catch {
            Logger.current.error(
                "Listing failed",
                metadata: ["provider.name": "\(provider.name)", "error": "\(error)"]
            )
            return .failure(
                Fault(
                    .internal,
                    "The models of \(provider.name) cannot be listed. See the log of the inference service."
                )
            )
        }
    }
}
