import Contracts
import Logging
import ServiceLifecycle
import Synchronization

/// What the providers offer, looked up again and again in the background; nobody waits for it.
final class Catalogue: Service {
    private let providers: [any Provider]
    private let defaultModel: String?
    private let prices: PriceList
    private let interval: Duration
    /// How many names are remembered with where they lead.
    private static let routeLimit = 1000

    private let directory: Mutex<ModelDirectory>
    /// How many looks at a provider were begun, and which was the last to tell something.
    private struct RefreshNumbers {
        var begun = 0
        var told = 0
    }

    private let looks = Mutex<[String: RefreshNumbers]>([:])
    /// Where names lead, as long as the directory stays as it is.
    private let routes = Mutex<[String: ModelDirectory.Route]>([:])

    /// - Parameters:
    ///   - providers: in order of preference.
    ///   - defaultModel: what an absent name means; without one, the first provider that answers decides.
    ///   - prices: what models cost.
    ///   - interval: how old the lists may grow.
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
                // A cancelled sleep is the end of the loop.
                do { try await Task.sleep(for: self.interval) } catch { return }
            }
        }
    }

    /// How each provider stands.
    var reports: [Models.ProviderReport] {
        directory.withLock { $0.reports }
    }

    /// What the providers are called.
    var providerNames: [String] { providers.map(\.name) }

    /// Where a name leads; absent: the default.
    ///
    /// Only the default, and only while no provider has been looked at since the start, waits for that first look:
    /// otherwise the first question of all would go to another model than the second.
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
        if !directory.withLock({ $0.isComplete }) { await look() }
        return try directory.withLock { try $0.fallbackRoute() }
    }

    /// The model that a name means, with its window.
    func find(_ name: String?) async throws -> Model {
        let route = try await route(name)
        guard let provider = providers.first(where: { $0.name == route.provider }) else {
            throw Fault(.missing, "There is no provider \(route.provider).")
        }
        do {
            var model = try await provider.model(route.model)
            model.name = route.name
            model.price = prices.price(of: route.model, from: route.provider)
            return model
        } catch let error as ProviderError {
            throw error.fault
        }
    }

    /// Throws `invalid` when a model is known not to be able to do what is needed.
    func check(_ route: ModelDirectory.Route, for needs: [Model.Ability]) throws(Fault) {
        guard let model = directory.withLock({ $0.model(route) }) else { return }
        guard model.supports(.chat) else {
            throw Fault(.invalid, "\(route.name) makes embeddings; it does not chat.")
        }
        for need in needs where !model.supports(need) {
            throw Fault(.invalid, "\(route.name) does not take \(need.rawValue). Choose a model that does.")
        }
    }

    /// RefreshNumbers what there is, and then at the windows of what is new.
    func refresh() async {
        await look()
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
        await look()
    }

    /// RefreshNumbers at one provider now, and at one of its models: what was just got is to be there, what is gone is not.
    func refresh(_ name: String, _ model: String?) async {
        guard let provider = providers.first(where: { $0.name == name }) else { return }
        await look(at: provider)
        guard let model else { return }
        do {
            _ = try await provider.model(model)
        } catch {
            Logger.current.debug("No window", metadata: ["model.name": "\(model)", "error": "\(error)"])
        }
        await look(at: provider)
    }

    /// Asks all providers at once: one that is slow holds up nobody but who waits for all.
    private func look() async {
        await withTaskGroup { group in
            for provider in providers {
                group.addTask { await self.look(at: provider) }
            }
        }
    }

    private func look(at provider: any Provider) async {
        let number = looks.withLock { looks in
            looks[provider.name, default: RefreshNumbers()].begun += 1
            return looks[provider.name]?.begun ?? 0
        }
        guard let result = await list(provider) else { return }
        looks.withLock { looks in
            // One that began later knows better, however long this one took.
            guard number > looks[provider.name]?.told ?? 0 else { return }
            looks[provider.name]?.told = number
            directory.withLock { $0.update(provider.name, with: result) }
        }
        routes.withLock { $0 = [:] }
    }

    /// What a provider offers; `nil` when the task was cancelled meanwhile.
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
            return .failure(Fault(.internal, "The models of \(provider.name) cannot be listed; the log says why."))
        }
    }
}
