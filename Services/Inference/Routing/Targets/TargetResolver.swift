import Contracts

/// Finds the targets for a requested name: the groups of an alias or one model, and then the fallbacks.
struct TargetResolver: Sendable {
    /// The targets in groups, and why the requested model is not among them.
    struct Resolution: Sendable {
        var groups: [TargetGroup]
        /// The error for the requested model, if only its fallbacks can be asked.
        var earlier: ProviderError?
    }

    let catalogue: Catalogue
    let plan: TargetPlan
    /// The fallbacks by `provider/model`, by the model's name without the provider, or by an alias.
    let fallbacks: [String: [String]]
    let prices: PriceList
    /// The providers whose requests cost nothing unless a price is set.
    let freeProviders: Set<String>
    /// The providers whose models have tags.
    let taggedProviders: Set<String>
    private let cache = ResolutionCache()

    init(
        catalogue: Catalogue,
        plan: TargetPlan,
        fallbacks: [String: [String]],
        prices: PriceList,
        providers: [any Provider]
    ) {
        self.catalogue = catalogue
        self.plan = plan
        self.fallbacks = fallbacks
        self.prices = prices
        freeProviders = Set(providers.filter(\.isFree).map(\.name))
        taggedProviders = Set(providers.filter(\.hasTaggedModels).map(\.name))
    }

    /// Returns the targets with the abilities that a request needs; a target that lacks one is left out.
    ///
    /// Throws the fault of the requested model if there is no target.
    func resolve(_ name: String?, needs: [Model.Ability]) async throws -> Resolution {
        let name = name ?? catalogue.configuredDefault
        let (key, version) = (ResolutionCache.Key(name: name, needs: needs), catalogue.version)
        if let groups = cache.groups(for: key, version: version) { return Resolution(groups: groups) }
        let resolution = try await find(name, needs)
        if resolution.earlier == nil { cache.store(resolution.groups, for: key, version: version) }
        return resolution
    }

    private func find(_ name: String?, _ needs: [Model.Ability]) async throws -> Resolution {
        var (groups, keys, fault): ([TargetGroup], [String], Fault?) = ([], name.map { [$0] } ?? [], nil)
        if let name, let planned = plan.groups(for: name) {
            groups = planned
        } else {
            do {
                let route = try await route(name)
                groups = [TargetGroup([Target(server: route.provider, model: route.model)])]
                keys = ModelName.spellings(of: route.name) + ModelName.spellings(of: route.model) + keys
            } catch let error as Fault {
                fault = error
            }
        }
        for name in keys.lazy.compactMap({ fallbacks[$0] }).first ?? [] { groups += await fallback(name) }
        groups = await usable(groups, needs, &fault)
        guard !groups.isEmpty else { throw fault ?? Fault(.missing, "There is no model for the request.") }
        // An error of the request's own name is reported only if the model was not found.
        return Resolution(groups: groups, earlier: fault.map { ProviderError($0.cause, $0) })
    }

    /// The groups of a fallback; none for an unknown name.
    private func fallback(_ name: String) async -> [TargetGroup] {
        if let planned = plan.groups(for: name) { return planned }
        do {
            let route = try await route(name)
            return [TargetGroup([Target(server: route.provider, model: route.model)])]
        } catch {
            return []
        }
    }

    /// The route for a name.
    ///
    /// The lists of a provider that never answered are unknown, but the configuration may say whose model a bare name is.
    private func route(_ name: String?) async throws -> ModelDirectory.Route {
        do {
            return try await catalogue.route(name)
        } catch let fault as Fault where fault.code == .missing || fault.code == .unavailable {
            guard let name, let provider = catalogue.providerNames.first(where: { isConfigured("\($0)/\(name)") })
            else { throw fault }
            return try await catalogue.route("\(provider)/\(name)")
        }
    }

    private func isConfigured(_ name: String) -> Bool {
        ModelName.spellings(of: name).contains { fallbacks[$0] != nil || prices.names.contains($0) }
            || plan.targets.contains { $0.name == name }
    }

    /// The targets that have the needed abilities, with what is known about their models.
    private func usable(
        _ groups: [TargetGroup],
        _ needs: [Model.Ability],
        _ fault: inout Fault?
    ) async -> [TargetGroup] {
        var usable: [TargetGroup] = []
        var lack: Fault?
        for group in groups {
            var targets: [Target] = []
            for target in group.targets {
                do {
                    targets.append(try await described(target, needs))
                } catch let error as Fault {
                    lack = lack ?? error
                } catch {
                    continue
                }
            }
            if !targets.isEmpty { usable.append(TargetGroup(targets)) }
        }
        if usable.isEmpty { fault = fault ?? lack }
        return usable
    }

    private func described(_ target: Target, _ needs: [Model.Ability]) async throws -> Target {
        let route = try await catalogue.route(target.name)
        let model = catalogue.listed(route)
        try Catalogue.check(model, for: needs)
        var described = Target(
            server: route.provider,
            model: route.model,
            weight: target.weight,
            limits: target.limits
        )
        described.hasTags = taggedProviders.contains(route.provider)
        described.isListed = model != nil
        described.window = model?.window
        described.price = prices.price(of: route.model, from: route.provider)
        described.isFree =
            described.price.map { $0.prompt == 0 && $0.completion == 0 } ?? freeProviders.contains(route.provider)
        return described
    }
}

extension Fault {
    /// The cause of a fault that was found before any provider was asked.
    fileprivate var cause: Cause { code == .missing ? .modelMissing : .unreachable }
}
