import Contracts

/// Which providers there are, how they stand, and which of their models a name means; pure.
struct ModelDirectory: Sendable {
    /// A provider as it was last seen.
    struct Entry: Sendable {
        let name: String
        let address: String?
        /// Whether it was set up; one that was not counts only while it answers.
        let isConfigured: Bool
        /// The last list that could be read, kept while the provider is down.
        var models: [Model] = []
        var fault: Fault?
        var isKnown = false
    }

    /// Where a generation goes.
    struct Route: Sendable, Equatable {
        let provider: String
        /// The model's name at its provider.
        let model: String
        /// `provider/model`.
        let name: String

        init(provider: String, model: String) {
            self.provider = provider
            self.model = model
            name = "\(provider)/\(model)"
        }
    }

    /// In order of preference.
    private(set) var entries: [Entry]

    init(_ providers: [any Provider]) {
        entries = providers.map { Entry(name: $0.name, address: $0.address, isConfigured: $0.isConfigured) }
    }

    /// Takes over what a provider said of itself.
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

    /// Whether every provider has been asked.
    var isComplete: Bool { entries.allSatisfy(\.isKnown) }

    /// How each provider stands; one that nobody set up and that does not answer is left out.
    var reports: [Models.ProviderReport] {
        entries.filter { $0.isConfigured || ($0.isKnown && $0.fault == nil) }.map {
            Models.ProviderReport(name: $0.name, address: $0.address, models: $0.models, fault: $0.fault)
        }
    }

    /// The first model of the first provider that answers.
    func fallbackRoute() throws(Fault) -> Route {
        for entry in entries where entry.fault == nil {
            if let model = entry.models.first(where: { $0.supports(.chat) }) { return route(to: model, of: entry) }
        }
        throw Fault(.unavailable, "No provider offers a model now. Set DEFAULT_MODEL, or start Ollama.", retryAfter: 5)
    }

    /// Finds what a name means: `provider/model`, or a bare name that one of the providers has.
    func route(_ name: String) throws(Fault) -> Route {
        guard ModelName.isValid(name) else {
            throw Fault(.invalid, "`\(name.prefix(64))` is not a model's name: \(ModelName.rule).")
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

    /// Whose model it is, by how its name begins, when no list holds it.
    private static let prefixes = [
        ("gpt-", "openai"), ("chatgpt-", "openai"), ("o1", "openai"), ("o3", "openai"), ("o4", "openai"),
        ("text-embedding-3", "openai"), ("text-embedding-ada", "openai"), ("gemini-", "gemini"),
    ]

    /// What is known of the model at the end of a route.
    func model(_ route: Route) -> Model? {
        entries.first { $0.name == route.provider }?.models.first { $0.name == route.name }
    }

    /// A model that is named with its provider goes there even if the list does not hold it: the list may be old.
    private func explicitRoute(_ model: String, of entry: Entry) throws(Fault) -> Route {
        if let known = find(model, in: entry) { return route(to: known, of: entry) }
        guard ModelName.isValid(model), !Self.isElsewhere(model, entry.name) else {
            throw Fault(.invalid, "`\(model.prefix(64))` names a model on another host, which is not asked.")
        }
        return Route(provider: entry.name, model: model)
    }

    /// Whether Ollama would look for a model on another host.
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
                "Whether \(down.name) has a model \(name) cannot be seen now: \(down.fault?.message ?? "")",
                retryAfter: 5
            )
        }
        let known = entries.flatMap(\.models).prefix(8).map(\.name).joined(separator: ", ")
        return Fault(.missing, "There is no model \(name). Known are: \(known).")
    }
}
