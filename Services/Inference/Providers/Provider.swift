import Bus
import Contracts

/// Who runs models: the port behind which every provider stands.
///
/// What goes wrong is thrown as a ``ProviderError``, which says what may help, or as a `Fault` where nothing may.
protocol Provider: Sendable {
    /// The first part of its models' names: `ollama`.
    var name: String { get }

    /// Where it is asked, without any credential; absent for an embedded one.
    var address: String? { get }

    /// Whether somebody has set it up; one that is not counts only while it answers.
    var isConfigured: Bool { get }

    /// Whether an answer that nobody reads along comes in one piece, with nothing before it.
    var supportsUnaryResponses: Bool { get }

    /// What it offers now, by full names, with what is known of each without asking more.
    func models() async throws -> [Model]

    /// One of its models by the provider's own name, with its window as we would ask for it.
    func model(_ name: String) async throws -> Model

    /// Begins to generate; returns when the provider has accepted.
    ///
    /// Throws `CancellationError` when the caller leaves. The stream gives what came in one read as one event; an empty
    /// batch says that the provider is alive. It ends after exactly one finish, or throws. Closing it closes the
    /// connection behind it at once.
    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event>

    /// Turns texts into vectors.
    func embed(_ request: EmbeddingRequest) async throws -> Inference.Embeddings
}

extension Provider {
    var supportsUnaryResponses: Bool { false }
}
