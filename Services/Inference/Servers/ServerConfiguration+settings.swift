import ServiceKit

extension ServerConfiguration {
    /// The servers that the environment configures, and then those of the file.
    ///
    /// Throws an `InvalidSetting` that names the invalid value.
    static func all(
        settings: Settings,
        file: ProvidersFile,
        registry: ProviderRegistry
    ) throws -> [ServerConfiguration] {
        try registry.kinds.compactMap { try fromEnvironment($0, settings) }
            + file.providers.map { try fromFile($0, settings) }
    }

    /// The server of a kind that the environment configures; `nil` if nothing is set for it.
    private static func fromEnvironment(_ kind: ProviderKind, _ settings: Settings) throws -> ServerConfiguration? {
        guard let names = kind.environment else { return nil }
        let key = try names.key.flatMap { name in
            try InferenceConfiguration.headerKey(settings.secret(name), name: name)
        }
        var server = try ServerConfiguration(
            name: kind.name,
            kind: kind,
            url: try InferenceConfiguration.url(names.url, default: names.defaultURL, settings),
            setting: names.url,
            apiVersion: names.apiVersion.flatMap(settings.string)
        )
        if let problem = kind.check(server) { throw InvalidSetting("\(names.apiVersion ?? names.url): \(problem)") }
        server.isConfigured = key != nil || settings.string(names.url) != nil
        guard server.isConfigured || names.isTriedUnset else { return nil }
        server.keys = key.map { [$0] } ?? []
        try server.setLimits(settings)
        return server
    }

    private static func fromFile(_ entry: ProvidersFile.Server, _ settings: Settings) throws -> ServerConfiguration {
        var server = try ServerConfiguration(
            name: entry.name,
            kind: .openAI,
            url: entry.baseURL,
            setting: "base_url in PROVIDERS_FILE"
        )
        server.keys = try key(of: entry, settings).map { [$0] } ?? []
        server.models = entry.models
        try server.setLimits(settings)
        server.concurrency = entry.concurrency
        server.queue = entry.queue
        return server
    }

    /// Sets the limits that settings have for all servers.
    private mutating func setLimits(_ settings: Settings) throws {
        timeouts = try InferenceConfiguration.timeouts(settings, firstToken: kind.firstToken ?? .seconds(60))
        windowLimit = try settings.integer("OLLAMA_NUM_CTX", default: 8192, in: 256...4_194_304)
    }

    private static func key(of server: ProvidersFile.Server, _ settings: Settings) throws -> String? {
        guard let name = server.keyVariable else { return nil }
        guard let key = try settings.secret(inVariable: name) else {
            throw InvalidSetting(
                "PROVIDERS_FILE uses \(name) as the key of \(server.name), but it is not set. "
                    + "Set it in the environment or in .env, or omit api_key_env."
            )
        }
        return try InferenceConfiguration.headerKey(key, name: name)
    }
}
