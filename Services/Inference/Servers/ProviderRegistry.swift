/// All kinds of providers: a provider is a folder and a line here, and nothing else names one.
struct ProviderRegistry: Sendable {
    /// The kinds, in the order of preference of their models.
    let kinds: [ProviderKind]
    /// The built-in provider, which comes last.
    let builtIn: any Provider
    /// The model for embeddings where a request names none.
    static let embeddingModel = "demo/\(HashEmbedding.model)"
    /// The prices of the built-in models.
    static let builtInPrices = DemoProvider.prices

    init(demoPace: Duration = .milliseconds(15)) {
        kinds = [.ollama, .gemini, .openAI, .anthropic, .azure]
        builtIn = DemoProvider(pace: demoPace)
    }

    /// The kind with a name.
    func kind(_ name: String) -> ProviderKind? {
        kinds.first { $0.name == name }
    }

    /// The names that no server of `PROVIDERS_FILE` may have.
    var reservedNames: [String] { kinds.filter { $0.environment != nil }.map(\.name) + [builtIn.name] }
}
