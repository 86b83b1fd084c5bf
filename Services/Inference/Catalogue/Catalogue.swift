import Contracts
import Logging
import ServiceLifecycle
import Synchronization

/// The models of all providers, refreshed periodically in the background, and the names of the targets.
///
/// Thread-safe.
final class Catalogue: Service {
    /// Maximum number of cached routes.
    private static let routeLimit = 1000

    private let providers: [any Provider]
    private let defaultModel: String?
    private let prices: PriceList
    private let targets: TargetReview
    private let interval: Duration
    private let lists: ProviderLists
    private let directory: Mutex<ModelDirectory>
    /// The number of changes of the lists.
    private let changes = Atomic(0)
    /// Cached routes by name, cleared by each refresh.
    private let routes = Mutex<[String: ModelDirectory.Route]>([:])

    /// - Parameters:
    /// - providers: the providers, in order of preference.
    /// - defaultModel: the model for requests without a name; default: a model of the first provider.
    /// - prices: the prices of models.
    /// - targets: the configured targets and fallbacks.
    /// - interval: the time between refreshes.
    init(
        providers: [any Provider],
        defaultModel: String?,
        prices: PriceList = PriceList(),
        targets: TargetReview = TargetReview(),
        interval: Duration = .seconds(30)
    ) {
        self.providers = providers
        self.defaultModel = defaultModel
        self.prices = prices
        self.targets = targets
        self.interval = interval
        lists = ProviderLists(prices: prices)
        directory = Mutex(ModelDirectory(providers))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isFirst = true
            while !Task.isCancelled {
                await self.refresh()
                if isFirst { self.logRemarks() }
                isFirst = false
                // Cancellation ends the loop.
                do { try await Task.sleep(for: self.interval) } catch { break }
            }
            self.lists.cancel()
        }
    }

    /// A number that changes with the lists of models.
    var version: Int { changes.load(ordering: .acquiring) }

    /// The state of each provider; the targets are listed like one.
    var reports: [Models.ProviderReport] {
        let (reports, directory) = self.directory.withLock { ($0.reports, $0) }
        return reports + (targets.report(directory, defaultModel: defaultModel).map { [$0] } ?? [])
    }

    /// The names of the providers.
    var providerNames: [String] { providers.map(\.name) }

    /// The name that requests without one get: `DEFAULT_MODEL`, which may be an alias.
    var configuredDefault: String? { defaultModel }

    /// The provider with a name.
    func provider(_ name: String) -> (any Provider)? { providers.first { $0.name == name } }

    /// The providers whose models can be pulled, created and deleted.
    var managingProviders: [any ModelManagement] { providers.compactMap { $0 as? any ModelManagement } }

    /// Returns the route for a name, or for the default model.
    ///
    /// A name that is not found, and the default model, wait for the first lists of the providers.
    func route(_ name: String?) async throws -> ModelDirectory.Route {
        guard let name = name ?? defaultModel else { return try await defaultRoute() }
        if let known = routes.withLock({ $0[name] }) { return known }
        var route: ModelDirectory.Route
        do {
            route = try directory.withLock { try $0.route(name) }
        } catch let fault as Fault where fault.code == .missing || fault.code == .unavailable {
            guard directory.withLock(\.firstUnknown) != nil else { throw fault }
            await refreshLists(onlyUnknown: true)
            route = try directory.withLock { try $0.route(name) }
        }
        routes.withLock { routes in
            if routes.count >= Self.routeLimit { routes = [:] }
            routes[name] = route
        }
        return route
    }

    /// The default model where the configuration names none.
    private func defaultRoute() async throws -> ModelDirectory.Route {
        // Each round makes one more list known.
        for _ in 0...providers.count {
            switch directory.withLock({ $0.defaultRoute() }) {
            case .route(let route): return route
            case .unavailable(let fault): throw fault
            case .waiting(let name):
                guard let provider = provider(name) else { break }
                await refreshList(of: provider)
                try Task.checkCancellation()
            }
        }
        throw Fault(.unavailable, "The default model is not known yet. Try again in a moment.", retryAfter: 2)
    }

    /// Returns the model with a name, and its context window; an alias is a model too.
    func find(_ name: String?) async throws -> Model {
        if let name = name ?? defaultModel, let groups = targets.plan.groups(for: name) {
            return try await model(alias: name, groups)
        }
        let route = try await route(name)
        guard let provider = provider(route.provider) else {
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

    /// The model that an alias is for its users: what all of its targets can do.
    private func model(alias: String, _ groups: [TargetGroup]) async throws -> Model {
        var models: [Model] = []
        var fault: Fault?
        for target in groups.flatMap(\.targets) {
            do {
                models.append(try await find(target.name))
            } catch let error as Fault {
                fault = fault ?? error
            }
        }
        guard let model = TargetReview.combined(alias, models) else {
            throw fault ?? Fault(.missing, "The targets of \(alias) have no models. Check targets in PROVIDERS_FILE.")
        }
        return model
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
        for provider in providers where !Task.isCancelled {
            let report = directory.withLock(\.reports).first { $0.name == provider.name }
            guard let report, report.fault == nil else { continue }
            await describe(report.models, of: provider)
        }
        await refreshLists()
    }

    /// Refreshes one provider and one of its models, after a model was pulled, created or deleted.
    func refresh(_ name: String, _ model: String?) async {
        guard let provider = provider(name) else { return }
        await refreshList(of: provider)
        guard let model else { return }
        await describe([Model(name: "\(name)/\(model)", window: 0)], of: provider)
        await refreshList(of: provider)
    }

    /// Requests the properties of models; each model fails alone.
    private func describe(_ models: [Model], of provider: any Provider) async {
        var remarks: [String] = []
        for model in models where !Task.isCancelled {
            do {
                _ = try await provider.model(String(model.name.dropFirst(provider.name.count + 1)))
            } catch {
                Logger.current.debug("No window", metadata: ["model.name": "\(model.name)", "error": "\(error)"])
                guard let reason = (error as? ProviderError)?.fault.message, remarks.count < 10 else { continue }
                remarks.append("The properties of \(model.name) are not known: \(reason)")
            }
        }
        guard models.count > 1, !Task.isCancelled else { return }
        directory.withLock { $0.note(remarks, about: provider.name) }
    }

    /// Refreshes all providers concurrently, or those whose models are not known yet.
    private func refreshLists(onlyUnknown: Bool = false) async {
        let unknown = directory.withLock(\.entries).filter { !$0.isKnown }.map(\.name)
        await withTaskGroup { group in
            for provider in providers where !onlyUnknown || unknown.contains(provider.name) {
                group.addTask { await self.refreshList(of: provider) }
            }
        }
    }

    /// Refreshes one list, together with all others that wait for the same.
    private func refreshList(of provider: any Provider) async {
        let before = directory.withLock(\.entries).first { $0.name == provider.name }
        await lists.refresh(provider, isNewFault: before?.fault == nil) { result in
            self.directory.withLock { $0.update(provider.name, with: result) }
            self.routes.withLock { $0 = [:] }
            self.changes.add(1, ordering: .releasing)
        }
    }

    /// Logs what the configuration names and nothing knows.
    private func logRemarks() {
        for report in reports {
            for remark in report.remarks ?? [] {
                Logger.current.warning("\(remark)", metadata: ["provider.name": "\(report.name)"])
            }
        }
    }
}
