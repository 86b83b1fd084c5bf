extension ProviderKind {
    /// Anthropic, through its native API.
    ///
    /// The base URL has no version.
    static let anthropic = ProviderKind(
        name: "anthropic",
        label: "Anthropic",
        environment: Environment(
            url: "ANTHROPIC_BASE_URL",
            defaultURL: "https://api.anthropic.com",
            key: "ANTHROPIC_API_KEY"
        ),
        keyHeader: .named("x-api-key"),
        prepare: { $0.quirks = KnownHost.quirks(of: $1) },
        preferredModels: ["claude-sonnet-4-5", "claude-haiku-4-5"],
        namePrefixes: ["claude-"],
        make: { try AnthropicProvider(server: $0, client: $1) }
    )
}
