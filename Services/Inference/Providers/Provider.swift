import Bus
import Contracts

/// Who runs models: the port behind which every provider stands.
protocol Provider: Sendable {
    /// The first part of its models' names: `ollama`.
    var name: String { get }

    /// Where it is asked, without any credential; absent for an embedded one.
    var address: String? { get }

    /// Whether somebody has set it up; one that is not counts only while it answers.
    var isConfigured: Bool { get }

    /// What it offers now, by full names, with the windows that are known without asking more. Throws a `Fault`.
    func models() async throws -> [Model]

    /// How many tokens a model can be shown, as we would ask for it. Throws `missing`.
    func window(of model: String) async throws -> Int

    /// Begins to generate; returns when the provider has accepted.
    ///
    /// Throws a `Fault`, or `CancellationError` when the caller leaves. The stream gives what came in one read as one
    /// event; an empty batch says that the provider is alive. It ends after exactly one finish, or throws a `Fault`.
    /// Closing it closes the connection behind it at once.
    func generate(_ prompt: Prompt) async throws -> ElementStream<Inference.Event>
}
