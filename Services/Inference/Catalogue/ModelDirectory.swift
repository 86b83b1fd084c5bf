import Contracts

/// The providers with their states and models, and the resolution of names: a value without side effects.
struct ModelDirectory: Sendable {
    /// The provider and the model for a request.
    struct Route: Sendable, Equatable {
        let provider: String
        /// The model's name without the provider.
        let model: String
        /// `provider/model`.
        let name: String

        init(provider: String, model: String) {
            self.provider = provider
            self.model = model
            name = "\(provider)/\(model)"
        }
    }

    /// The providers, in order of preference.
    private(set) var entries: [DirectoryEntry]

    init(_ providers: [any Provider]) {
        entries = providers.map(DirectoryEntry.init)
    }

    /// Applies the result of a refresh.
    mutating func update(_ provider: String, with result: Result<[Model], Fault>) {
        guard let index = entries.firstIndex(where: { $0.name == provider }) else { return }
        entries[index].update(with: result)
    }

    /// Notes what could not be learned about a provider's models.
    mutating func note(_ remarks: [String], about provider: String) {
        guard let index = entries.firstIndex(where: { $0.name == provider }) else { return }
        entries[index].descriptionRemarks = remarks
    }

    /// The state of each provider, except providers that are neither configured nor reachable.
    var reports: [Models.ProviderReport] {
        entries.filter { $0.isConfigured || ($0.isKnown && $0.fault == nil) }.map(\.report)
    }

    /// The default model's route where the configuration names none.
    enum DefaultRoute: Sendable, Equatable {
        case route(Route)
        /// The provider's list must be known first.
        case waiting(provider: String)
        case unavailable(Fault)
    }

    /// The model of the first provider that is there: the configured ones in their order, then others that are reachable,
    /// then the built-in one.
    ///
    /// A configured provider with unknown models is never skipped: a failed list does not select another provider.
    mutating func defaultRoute() -> DefaultRoute {
        for index in entries.indices.sorted(by: { (entries[$0].rank, $0) < (entries[$1].rank, $1) }) {
            guard entries[index].isKnown else { return .waiting(provider: entries[index].name) }
            if let model = entries[index].chooseDefault() { return .route(route(to: model, of: entries[index])) }
            let entry = entries[index]
            if entry.isConfigured, let fault = entry.fault, entry.models.isEmpty {
                return .unavailable(
                    Fault(
                        .unavailable,
                        "The default model is not known, because the models of \(entry.name) cannot be listed: "
                            + "\(fault.message) Set DEFAULT_MODEL, or name a model.",
                        retryAfter: 5
                    )
                )
            }
        }
        return .unavailable(
            Fault(.unavailable, "No model is available. Set DEFAULT_MODEL, or start Ollama.", retryAfter: 5)
        )
    }

    /// Resolves `provider/model`, or a name without a provider.
    func route(_ name: String) throws(Fault) -> Route {
        guard ModelName.isValid(name) else {
            throw Fault(.invalid, "`\(ModelName.printable(name))` is not a valid model name: \(ModelName.rule).")
        }
        if let slash = name.firstIndex(of: "/"), let entry = entries.first(where: { $0.name == name[..<slash] }) {
            return try explicitRoute(String(name[name.index(after: slash)...]), of: entry)
        }
        for entry in entries {
            if let model = entry.find(name) { return route(to: model, of: entry) }
        }
        if let entry = entries.first(where: { $0.namePrefixes.contains { name.hasPrefix($0) } }) {
            return Route(provider: entry.name, model: name)
        }
        throw missing(name)
    }

    /// The first provider whose models are not known yet.
    var firstUnknown: String? { entries.first { !$0.isKnown }?.name }

    /// The listed model of a route; `nil` if it is not listed.
    func model(_ route: Route) -> Model? {
        entries.first { $0.name == route.provider }?.model(route.name)
    }

    /// Resolves the name of a provider's model, which need not be listed: the list may be outdated.
    private func explicitRoute(_ model: String, of entry: DirectoryEntry) throws(Fault) -> Route {
        if let known = entry.find(model) { return route(to: known, of: entry) }
        guard ModelName.isValid(model) else {
            throw Fault(.invalid, "`\(ModelName.printable(model))` is not a valid model name: \(ModelName.rule).")
        }
        guard !entry.isElsewhere(model) else {
            throw Fault(
                .invalid,
                "`\(ModelName.printable(model))` is a model on another host, which is not allowed."
            )
        }
        return Route(provider: entry.name, model: model)
    }

    private func route(to model: Model, of entry: DirectoryEntry) -> Route {
        Route(provider: entry.name, model: String(model.name.dropFirst(entry.name.count + 1)))
    }

    private func missing(_ name: String) -> Fault {
        if let down = entries.first(where: { $0.isConfigured && $0.fault != nil && $0.models.isEmpty }) {
            return Fault(
                .unavailable,
                "The models of \(down.name) cannot be listed, so \(name) was not found: \(down.fault?.message ?? "")",
                retryAfter: 5
            )
        }
        let known = entries.flatMap(\.models).prefix(8).map(\.name).joined(separator: ", ")
        return Fault(.missing, "Model \(name) not found. Known models: \(known).")
    }
}
