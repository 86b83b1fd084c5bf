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
            + file.providers.map { try ServerEntryReader(entry: $0, settings: settings, registry: registry).server() }
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

    /// Sets the limits that settings have for all servers.
    mutating func setLimits(_ settings: Settings) throws {
        timeouts = try InferenceConfiguration.timeouts(settings, firstToken: kind.firstToken ?? .seconds(60))
        windowLimit = try settings.integer("OLLAMA_NUM_CTX", default: 8192, in: 256...4_194_304)
    }
}
