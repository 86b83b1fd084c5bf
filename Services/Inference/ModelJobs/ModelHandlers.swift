import Contracts
import HTTP

/// The handlers of endpoints that pull, create, show and delete models.
struct ModelHandlers: Sendable {
    let catalogue: Catalogue
    let modelAPI: OllamaModelAPI
    let jobs: ModelJobs
    var limits = JobProgress.Limits()

    func pull(_ request: Models.Pull) throws -> Models.StartedJob {
        let name = try name(request.model)
        return try jobs.start(.pull, name) { publisher in
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
        return try jobs.start(.create, name, modelfile: modelfile) { publisher in
            do {
                try await follow(publisher, name) { try await modelAPI.create(modelfile, isLegacy: false) }
            } catch let fault as Fault where Self.wantsModelfile(fault) {
                // Ollama before 0.5.5 supports only the legacy format.
                try await follow(publisher, name) { try await modelAPI.create(modelfile, isLegacy: true) }
            }
            await catalogue.refresh(OllamaProvider.providerName, name.own)
        }
    }

    func delete(_ request: Models.Delete) async throws -> Done {
        let route = try await catalogue.route(request.model)
        guard route.provider == OllamaProvider.providerName else {
            throw Fault(.invalid, "\(route.name) belongs to \(route.provider); only Ollama models can be deleted.")
        }
        do {
            try await modelAPI.delete(route.model)
        } catch let error as ProviderError {
            throw error.logged()
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
            throw error.logged()
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

    /// Follows a job to its end.
    ///
    /// Throws a `Fault` or `CancellationError`.
    private func follow(
        _ publisher: JobPublisher,
        _ name: OllamaModelName,
        _ open: @escaping @Sendable () async throws -> HTTPClient.Response
    ) async throws {
        do {
            try await JobReader(publisher: publisher, faults: modelAPI.client.faults, limits: limits).read(open)
        } catch let reported as JobReader.ReportedError {
            throw fault(reported.message, name)
        } catch let error as ProviderError where error.fault.code == .cut {
            throw Fault(
                .cut,
                "Ollama disconnected before \(name.full) was complete. Start the job again: downloaded data is kept."
            )
        } catch let error as ProviderError {
            throw error.logged()
        }
    }

    /// The fault for an error that Ollama reports.
    private func fault(_ words: String, _ name: OllamaModelName) -> Fault {
        let sentence = modelAPI.client.faults.publicText(words)
        return words.contains("file does not exist") || words.contains("not found")
            ? Fault(.missing, "Ollama did not find \(name.full): \(sentence)")
            : Fault(.provider, "Ollama failed to provide \(name.full): \(sentence)")
    }

    /// Whether an old version of Ollama rejected the request: `path or modelfile are required`.
    private static func wantsModelfile(_ fault: Fault) -> Bool {
        (fault.code == .rejected || fault.code == .provider) && fault.message.lowercased().contains("modelfile")
    }
}
