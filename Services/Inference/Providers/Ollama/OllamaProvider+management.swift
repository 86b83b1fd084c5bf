import Contracts
import HTTP

extension OllamaProvider: ModelManagement {
    /// Validates a name.
    ///
    /// Ollama requests `host/namespace/model` from that host, which a caller must not choose. With at most one slash, and
    /// without a dot before it, Ollama uses only its own registry.
    func managedModel(_ text: String) throws(Fault) -> ManagedModel {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard Self.isRegistryName(text) else {
            throw Fault(
                .invalid,
                "`\(ModelName.printable(text))` is not a valid name of a model in Ollama's registry: it begins with a letter "
                    + "or a digit, has at most 128 letters, digits and . _ / -, and may end with a tag such as :latest."
            )
        }
        guard parts.count <= 2, parts.count == 1 || !parts[0].contains(".") else {
            throw Fault(
                .invalid,
                "`\(ModelName.printable(text))` is a model on another host, which is not allowed. "
                    + "Use a model of Ollama's own registry, such as \(name)/llama3.2."
            )
        }
        let plain = text.hasPrefix("library/") ? String(text.dropFirst("library/".count)) : text
        return ManagedModel(provider: name, own: text, key: "\(name)/\(ModelName.tagged(plain).lowercased())")
    }

    private static func isRegistryName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\/-]{0,127}(:[A-Za-z0-9._-]{1,64})?/) != nil
            && !text.contains("..") && !text.contains("//") && !text.contains("/:") && !text.hasSuffix("/")
    }

    func pull(_ model: ManagedModel, _ publisher: JobPublisher, _ limits: JobProgress.Limits) async throws {
        try await follow(publisher, limits, model) { try await modelAPI.pull(model.own) }
    }

    func definition(
        _ request: Models.Create,
        _ model: ManagedModel,
        base: ManagedModel
    ) throws(Fault) -> ModelDefinition {
        let modelfile = try Modelfile(
            model: model.own,
            base: base.own,
            system: request.system,
            template: request.template,
            parameters: request.parameters
        )
        return ModelDefinition(identity: modelfile.modelfile) { publisher, limits in
            do {
                try await follow(publisher, limits, model) { try await modelAPI.create(modelfile, isLegacy: false) }
            } catch let fault as Fault where Self.wantsModelfile(fault) {
                // Ollama before 0.5.5 supports only the legacy format.
                try await follow(publisher, limits, model) { try await modelAPI.create(modelfile, isLegacy: true) }
            }
        }
    }

    func delete(_ model: String) async throws {
        try await modelAPI.delete(model)
    }

    func describe(_ model: String, in description: inout ModelDescription) async throws {
        let show = try await modelAPI.show(model, within: ProviderClient.metadataTimeout)
        description.fullWindow = show.window
        description.format = show.details?.format
        description.family = show.details?.family
        description.size = show.details?.parameter_size
        description.quantization = show.details?.quantization_level
        description.parameters = show.parameters
        description.template = show.template
        description.system = show.system
    }

    /// Follows a job to its end.
    ///
    /// Throws a `Fault` or `CancellationError`.
    private func follow(
        _ publisher: JobPublisher,
        _ limits: JobProgress.Limits,
        _ model: ManagedModel,
        _ open: @escaping @Sendable () async throws -> HTTPClient.Response
    ) async throws {
        let faults = modelAPI.client.faults
        do {
            try await JobReader(publisher: publisher, faults: faults, limits: limits).read(open)
        } catch let reported as JobReader.ReportedError {
            throw fault(reported.message, model)
        } catch let error as ProviderError where error.fault.code == .cut {
            throw Fault(
                .cut,
                "\(faults.name) disconnected before \(model.full) was complete. Start the job again: downloaded data is kept."
            )
        } catch let error as ProviderError {
            throw error.logged()
        }
    }

    /// The fault for an error that Ollama reports.
    private func fault(_ words: String, _ model: ManagedModel) -> Fault {
        let faults = modelAPI.client.faults
        let sentence = faults.publicText(words)
        return words.contains("file does not exist") || words.contains("not found")
            ? Fault(.missing, "\(faults.name) did not find \(model.full): \(sentence)")
            : Fault(.provider, "\(faults.name) failed to provide \(model.full): \(sentence)")
    }

    /// Whether an old version of Ollama rejected the request: `path or modelfile are required`.
    private static func wantsModelfile(_ fault: Fault) -> Bool {
        (fault.code == .rejected || fault.code == .provider) && fault.message.lowercased().contains("modelfile")
    }
}
