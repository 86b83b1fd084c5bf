extension ProviderKind {
    /// Ollama.
    ///
    /// It loads models on demand, which takes time, and runs few generations at once.
    static let ollama = ProviderKind(
        name: "ollama",
        label: "Ollama",
        environment: Environment(
            url: "OLLAMA_BASE_URL",
            defaultURL: "http://127.0.0.1:11434",
            key: "OLLAMA_API_KEY",
            isTriedUnset: true
        ),
        // Its own default for parallel requests is 1 to 4: it would queue more in an order of its own.
        concurrency: 4,
        firstToken: .seconds(300),
        make: { try OllamaProvider(server: $0, client: $1) }
    )
}
