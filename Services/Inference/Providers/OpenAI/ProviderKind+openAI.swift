extension ProviderKind {
    /// OpenAI and servers that are compatible with its API.
    ///
    /// The base URL includes `/v1`.
    static let openAI = ProviderKind(
        name: "openai",
        label: "openai",
        environment: Environment(
            url: "OPENAI_BASE_URL",
            defaultURL: "https://api.openai.com/v1",
            key: "OPENAI_API_KEY"
        ),
        prepare: { $0.quirks = KnownHost.quirks(of: $1) },
        preferredModels: ["gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini"],
        namePrefixes: ["gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-3", "text-embedding-ada"],
        make: { try OpenAIProvider(server: $0, client: $1) }
    )

    /// Azure OpenAI: with `/openai/v1` at the end of its base URL, or with a path for each deployment and an API version.
    static let azure = ProviderKind(
        name: "azure",
        label: "azure",
        keyHeader: .named("api-key"),
        prepare: { server, _ in AzureServer.prepare(&server) },
        check: AzureServer.missing,
        make: { try OpenAIProvider(server: $0, client: $1) }
    )
}
