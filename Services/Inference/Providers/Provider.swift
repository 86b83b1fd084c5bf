import Bus
import Contracts

/// A provider of models.
///
/// Methods throw a ``ProviderError`` with retry advice, or a `Fault` if nothing may help.
protocol Provider: Sendable {
    /// The name, which begins the names of its models: `ollama`.
    var name: String { get }

    /// The base URL without credentials, for administrators and logs; `nil` for a built-in provider.
    var address: String? { get }

    /// Whether the provider is configured; otherwise it is listed only while it is reachable.
    var isConfigured: Bool { get }

    /// Whether a response without streaming arrives at once, with nothing before it.
    var supportsUnaryResponses: Bool { get }

    /// Lists the models with their full names and the known properties.
    func models() async throws -> [Model]

    /// Returns a model by its name without the provider, with the context window that requests ask for.
    func model(_ name: String) async throws -> Model

    /// Starts a generation; returns when the provider has accepted the request.
    ///
    /// Throws `CancellationError` if the task is cancelled. The stream returns the content of one read as one event; an empty
    /// batch is a sign of activity. It ends after exactly one finish event, or throws. Closing it closes the connection
    /// immediately.
    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event>

    /// Returns the embeddings of texts.
    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings
}

extension Provider {
    var supportsUnaryResponses: Bool { false }
}
