extension ProviderKind {
    /// Gemini, through its native API.
    ///
    /// The base URL has no version.
    static let gemini = ProviderKind(
        name: "gemini",
        label: "Gemini",
        environment: Environment(
            url: "GEMINI_BASE_URL",
            defaultURL: "https://generativelanguage.googleapis.com",
            key: "GEMINI_API_KEY",
            apiVersion: "GEMINI_API_VERSION"
        ),
        // A header instead of a query parameter, because URLs appear in logs.
        keyHeader: .named("x-goog-api-key"),
        prepare: { $0.quirks = KnownHost.quirks(of: $1) },
        preferredModels: ["gemini-2.5-flash", "gemini-flash-latest"],
        namePrefixes: ["gemini-"],
        check: { server in
            guard let version = server.apiVersion, GeminiVersion(rawValue: version) == nil else { return nil }
            return "api_version must be one of \(GeminiVersion.allCases.map(\.rawValue).joined(separator: ", "))."
        },
        make: { try GeminiProvider(server: $0, client: $1) }
    )
}
