import Contracts

/// A provider whose models can be pulled, created and deleted.
protocol ModelManagement: Provider {
    /// Validates the name of a model that is to be pulled or created; `text` has no provider.
    ///
    /// Throws `invalid` with the reason.
    func managedModel(_ text: String) throws(Fault) -> ManagedModel

    /// Pulls a model to the end, and publishes the progress.
    ///
    /// Throws a `Fault` or `CancellationError`.
    func pull(_ model: ManagedModel, _ publisher: JobPublisher, _ limits: JobProgress.Limits) async throws

    /// Validates the definition of a model that is based on another one, whose name has no provider.
    ///
    /// Throws `invalid` with the reason.
    func definition(
        _ request: Models.Create,
        _ model: ManagedModel,
        base: ManagedModel
    ) throws(Fault) -> ModelDefinition

    /// Deletes a model.
    ///
    /// Throws a ``ProviderError``.
    func delete(_ model: String) async throws

    /// Adds what the provider knows about a model.
    ///
    /// Throws a ``ProviderError``.
    func describe(_ model: String, in description: inout ModelDescription) async throws
}

/// A model that a provider may pull or create.
struct ManagedModel: Sendable, Hashable {
    let provider: String
    /// The name without the provider.
    let own: String
    /// The same for all spellings of the name, with the provider.
    let key: String

    /// `provider/model`.
    var full: String { "\(provider)/\(own)" }
}

/// The definition of a model that is to be created.
struct ModelDefinition: Sendable {
    /// Equal for the same definition, whatever the spelling of the model's name.
    let identity: String
    /// Creates the model to the end, and publishes the progress; throws a `Fault` or `CancellationError`.
    let create: @Sendable (JobPublisher, JobProgress.Limits) async throws -> Void
}
