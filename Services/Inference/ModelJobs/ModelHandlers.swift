import Contracts

/// The handlers of endpoints that pull, create, show and delete models.
struct ModelHandlers: Sendable {
    let catalogue: Catalogue
    let jobs: ModelJobs
    var limits = JobProgress.Limits()

    func pull(_ request: Models.Pull) throws -> Models.StartedJob {
        let (provider, own) = try management(of: request.model)
        let model = try provider.managedModel(own)
        return try jobs.start(.pull, model) { publisher in
            try await provider.pull(model, publisher, limits)
            await catalogue.refresh(provider.name, model.own)
        }
    }

    func create(_ request: Models.Create) throws -> Models.StartedJob {
        let (provider, own) = try management(of: request.model)
        let (source, base) = try management(of: request.from, default: provider)
        guard source.name == provider.name else {
            throw Fault(
                .invalid,
                "\(request.from) belongs to \(source.name); a model can be based on its own server's."
            )
        }
        let model = try provider.managedModel(own)
        let definition = try provider.definition(request, model, base: try provider.managedModel(base))
        return try jobs.start(.create, model, definition: definition.identity) { publisher in
            try await definition.create(publisher, limits)
            await catalogue.refresh(provider.name, model.own)
        }
    }

    func delete(_ request: Models.Delete) async throws -> Done {
        let route = try await catalogue.route(request.model)
        guard let provider = catalogue.provider(route.provider) as? any ModelManagement else {
            throw Fault(
                .invalid,
                "\(route.name) belongs to \(route.provider); only Ollama models can be deleted."
            )
        }
        do {
            try await provider.delete(route.model)
        } catch let error as ProviderError {
            throw error.logged()
        }
        await catalogue.refresh(provider.name, nil)
        return Done()
    }

    func show(_ request: Models.Show) async throws -> ModelDescription {
        let model = try await catalogue.find(request.model)
        var description = ModelDescription(model: model)
        let own = String(model.name.drop { $0 != "/" }.dropFirst())
        guard let provider = catalogue.provider(String(model.name.prefix { $0 != "/" })) as? any ModelManagement else {
            return description
        }
        do {
            try await provider.describe(own, in: &description)
        } catch let error as ProviderError {
            throw error.logged()
        }
        return description
    }

    /// The provider that manages a model, and the model's name without it; a name without a provider belongs to the
    /// first one.
    private func management(
        of name: String,
        default preferred: (any ModelManagement)? = nil
    ) throws(Fault) -> (any ModelManagement, String) {
        let managing = catalogue.managingProviders
        if let slash = name.firstIndex(of: "/"), let provider = catalogue.provider(String(name[..<slash])) {
            if let provider = provider as? any ModelManagement {
                return (provider, String(name[name.index(after: slash)...]))
            }
            throw Fault(
                .invalid,
                "\(ModelName.printable(name)) belongs to \(provider.name); only Ollama models can be pulled, created and "
                    + "deleted, such as \(managing.first?.name ?? "ollama")/llama3.2."
            )
        }
        guard let provider = preferred ?? managing.first else {
            throw Fault(.unavailable, "No server's models can be pulled. Set OLLAMA_BASE_URL.")
        }
        return (provider, name)
    }
}
