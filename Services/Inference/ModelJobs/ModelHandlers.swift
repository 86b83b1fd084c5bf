import Contracts
import HTTP

/// What may be done with models: get one, make one, look at one, throw one away.
struct ModelHandlers: Sendable {
    let catalogue: Catalogue
    let modelAPI: OllamaModelAPI
    let jobs: ModelJobs
    var limits = JobProgress.Limits()

    func pull(_ request: Models.Pull) throws -> Models.StartedJob {
        let name = try name(request.model)
        return try jobs.begin(.pull, name) { publisher in
            try await follow(publisher, name) { try await modelAPI.pull(name.own) }
            await catalogue.refresh(OllamaProvider.providerName, name.own)
        }
    }

    func create(_ request: Models.Create) throws -> Models.StartedJob {
        let name = try name(request.model)
        let modelfile = try Modelfile(
            model: name.own,
            base: try self.name(request.from).own,
            system: request.system,
            template: request.template,
            parameters: request.parameters
        )
        return try jobs.begin(.create, name, modelfile: modelfile) { publisher in
            do {
                try await follow(publisher, name) { try await modelAPI.create(modelfile, inOldForm: false) }
            } catch let fault as Fault where Self.wantsModelfile(fault) {
                // An Ollama from before 0.5.5 knows only the old form.
                try await follow(publisher, name) { try await modelAPI.create(modelfile, inOldForm: true) }
            }
            await catalogue.refresh(OllamaProvider.providerName, name.own)
        }
    }

    func delete(_ request: Models.Delete) async throws -> Done {
        let route = try await catalogue.route(request.model)
        guard route.provider == OllamaProvider.providerName else {
            throw Fault(.invalid, "\(route.name) belongs to \(route.provider); only models of Ollama can be deleted.")
        }
        do {
            try await modelAPI.delete(route.model)
        } catch let error as ProviderError {
            throw error.fault
        }
        await catalogue.refresh(OllamaProvider.providerName, nil)
        return Done()
    }

    func show(_ request: Models.Show) async throws -> ModelDescription {
        let route = try await catalogue.route(request.model)
        guard route.provider == OllamaProvider.providerName else {
            return ModelDescription(model: try await catalogue.find(request.model))
        }
        let show: OllamaShow
        do {
            show = try await modelAPI.show(route.model, within: ProviderClient.metadataTimeout)
        } catch let error as ProviderError {
            throw error.fault
        }
        var description = ModelDescription(model: try await catalogue.find(request.model))
        description.fullWindow = show.window
        description.format = show.details?.format
        description.family = show.details?.family
        description.size = show.details?.parameter_size
        description.quantization = show.details?.quantization_level
        description.parameters = show.parameters
        description.template = show.template
        description.system = show.system
        return description
    }

    private func name(_ text: String) throws(Fault) -> OllamaModelName {
        try OllamaModelName(text, others: catalogue.providerNames)
    }

    /// Reads what Ollama says of a job to its end.
    ///
    /// Throws a `Fault` or `CancellationError`.
    private func follow(
        _ publisher: JobPublisher,
        _ name: OllamaModelName,
        _ open: @escaping @Sendable () async throws -> HTTPClient.Response
    ) async throws {
        do {
            try await JobReader(publisher: publisher, faults: modelAPI.client.faults, limits: limits).read(open)
        } catch let said as JobReader.Said {
            throw Self.fault(said.words, name)
        } catch let error as ProviderError where error.fault.code == .cut {
            throw Fault(
                .cut,
                "Ollama stopped before \(name.full) was there. Begin again: what has come is kept and goes on from there."
            )
        } catch let error as ProviderError {
            throw error.fault
        }
    }

    /// What Ollama's own words about a job mean.
    private static func fault(_ words: String, _ name: OllamaModelName) -> Fault {
        let sentence = ProviderFaults.sentence(words)
        return words.contains("file does not exist") || words.contains("not found")
            ? Fault(.missing, "Ollama finds no model for \(name.full): \(sentence)")
            : Fault(.provider, "Ollama failed at \(name.full): \(sentence)")
    }

    /// Whether an Ollama of old misses what it needs: `path or modelfile are required`.
    private static func wantsModelfile(_ fault: Fault) -> Bool {
        (fault.code == .rejected || fault.code == .provider) && fault.message.lowercased().contains("modelfile")
    }
}
