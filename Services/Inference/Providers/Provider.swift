import Bus
import Contracts

/// A provider of models; what they can do is said by further protocols, such as ``ChatModels``.
///
/// Methods throw a ``ProviderError`` that says what went wrong, or a `Fault` if the request itself is at fault.
protocol Provider: Sendable {
    /// The name, which begins the names of its models: `ollama`.
    var name: String { get }

    /// The base URL without credentials, for administrators and logs; `nil` for a built-in provider.
    var address: String? { get }

    /// Whether the provider is configured; otherwise it is listed only while it is reachable.
    var isConfigured: Bool { get }

    /// Whether requests cost nothing unless a price is set: the server is the operator's own.
    var isFree: Bool { get }

    /// Whether each model's name has a tag, so that a name without one means `:latest`.
    var hasTaggedModels: Bool { get }

    /// The models for requests that name none, without the provider, best first; see ``ModelPreference``.
    var preferredModels: [String] { get }

    /// The beginnings of names of models that belong to the provider although it does not list them.
    var namePrefixes: [String] { get }

    /// Whether a model `host/namespace/model` would be requested from that host, which a caller must not choose.
    var namesHosts: Bool { get }

    /// Lists the models with their full names and the known properties.
    func models() async throws -> [Model]

    /// Returns a model by its name without the provider, with the context window that requests ask for.
    func model(_ name: String) async throws -> Model
}

extension Provider {
    var isFree: Bool { false }
    var hasTaggedModels: Bool { false }
    var preferredModels: [String] { [] }
    var namePrefixes: [String] { [] }
    var namesHosts: Bool { false }
}

/// A provider with models that answer messages.
protocol ChatModels: Provider {
    /// Starts a generation; returns when the provider has accepted the request.
    ///
    /// Throws `CancellationError` if the task is cancelled. The stream returns the content of one read as one event; an empty
    /// batch is a sign of activity. It ends after exactly one finish event, or throws. Closing it closes the connection
    /// immediately.
    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event>
}

/// A provider with models that compute embeddings.
protocol EmbeddingModels: Provider {
    /// Returns the embeddings of texts.
    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings
}
