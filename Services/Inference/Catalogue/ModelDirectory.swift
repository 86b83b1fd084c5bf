import Contracts

/// The providers with their states and models, and the resolution of names: a value without side effects.
struct ModelDirectory: Sendable {
    /// The last known state of a provider.
    struct Entry: Sendable {
        let name: String
        let address: String?
        /// Whether the provider is configured; otherwise it is listed only while it is reachable.
        let isConfigured: Bool
        /// The last known models, kept while the provider is unavailable.
        var models: [Model] = []
        var fault: Fault?
        var isKnown = false
    }

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
    private(set) var entries: [Entry]

    init(_ providers: [any Provider]) {
        entries = providers.map { Entry(name: $0.name, address: $0.address, isConfigured: $0.isConfigured) }
    }

    /// Applies the result of a refresh.
    mutating func update(_ provider: String, with result: Result<[Model], Fault>) {
        guard let index = entries.firstIndex(where: { $0.name == provider }) else { return }
        entries[index].isKnown = true
        switch result {
        case .success(let models):
            entries[index].models = models
            entries[index].fault = nil
        case .failure(let fault):
            entries[index].fault = fault
        }
    }

    /// Whether every provider has been refreshed.
    var isComplete: Bool { entries.allSatisfy(\.isKnown) }

    /// The state of each provider, except providers that are neither configured nor reachable.
    var reports: [Models.ProviderReport] {
        entries.filter { $0.isConfigured || ($0.isKnown && $0.fault == nil) }.map {
            Models.ProviderReport(name: $0.name, address: $0.address, models: $0.models, fault: $0.fault)
        }
    }

    /// The first model of the first available provider.
    func fallbackRoute() throws(Fault) -> Route {
        for entry in entries where entry.fault == nil {
            if let model = entry.models.first(where: { $0.supports(.chat) }) { return route(to: model, of: entry) }
        }
        throw Fault(.unavailable, "No model is available. Set DEFAULT_MODEL, or start Ollama.", retryAfter: 5)
    }

    /// Resolves `provider/model`, or a name without a provider.
    func route(_ name: String) throws(Fault) -> Route {
        guard ModelName.isValid(name) else {
            throw Fault(.invalid, "`\(name.prefix(64))` is not a valid model name: \(ModelName.rule).")
        }
        if let slash = name.firstIndex(of: "/"), let entry = entries.first(where: { $0.name == name[..<slash] }) {
            return try explicitRoute(String(name[name.index(after: slash)...]), of: entry)
        }
        for entry in entries {
            if let model = find(name, in: entry) { return route(to: model, of: entry) }
        }
        if let prefix = Self.prefixes.first(where: { name.hasPrefix($0.0) }),
            let entry = entries.first(where: { $0.name == prefix.1 })
        {
            return Route(provider: entry.name, model: name)
        }
        throw missing(name)
    }

    /// The providers of unlisted models, by the prefixes of their names.
    private static let prefixes = [
        ("gpt-", "openai"), ("chatgpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
        ("text-embedding-3", "openai"), ("text-embedding-ada", "openai"), ("gemini-", "gemini"),
    ]

    /// The listed model of a route; `nil` if it is not listed.
    func model(_ route: Route) -> Model? {
        entries.first { $0.name == route.provider }?.models.first { $0.name == route.name }
    }

    /// Resolves the name of a provider's model, which need not be listed: the list may be outdated.
    private func explicitRoute(_ model: String, of entry: Entry) throws(Fault) -> Route {
        if let known = find(model, in: entry) { return route(to: known, of: entry) }
        guard ModelName.isValid(model), !Self.isElsewhere(model, entry.name) else {
            throw Fault(.invalid, "`\(model.prefix(64))` is a model on another host, which is not allowed.")
        }
        return Route(provider: entry.name, model: model)
    }

    /// Whether Ollama would request the model from another host.
    private static func isElsewhere(_ model: String, _ provider: String) -> Bool {
        provider == "ollama" && model.utf8.count(where: { $0 == UInt8(ascii: "/") }) >= 2
    }

    private func find(_ name: String, in entry: Entry) -> Model? {
        let full = "\(entry.name)/\(name)"
        let latest = ":latest"
        let other = full.hasSuffix(latest) ? String(full.dropLast(latest.count)) : full + latest
        return entry.models.first { $0.name == full } ?? entry.models.first { $0.name == other }
    }

    private func route(to model: Model, of entry: Entry) -> Route {
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
