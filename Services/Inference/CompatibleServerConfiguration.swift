import ServiceKit

/// The configuration of a server that is compatible with OpenAI's API.
struct CompatibleServerConfiguration: Sendable {
    /// The provider's name, which begins the names of its models.
    var name: String
    /// The base URL, including `/v1`.
    var url: String
    /// The setting with the base URL, for error messages.
    var setting: String
    /// The API key; optional.
    var key: String?
    /// The models; `nil` to use the server's own list.
    var models: [ProvidersFile.ListedModel]?
    /// Maximum numbers of concurrent and of queued generations; `nil` for the general limits.
    var concurrency: Int?
    var queue: Int?

    /// OpenAI, if a key or a base URL is set for it, and all servers of the file.
    ///
    /// Throws a `InvalidSetting` if the environment variable of a key is not set, or for an invalid key.
    static func all(settings: Settings, file: ProvidersFile) throws -> [CompatibleServerConfiguration] {
        var servers: [CompatibleServerConfiguration] = []
        if settings.string("OPENAI_API_KEY") != nil || settings.string("OPENAI_BASE_URL") != nil {
            servers.append(
                CompatibleServerConfiguration(
                    name: "openai",
                    url: try InferenceConfiguration.url(
                        "OPENAI_BASE_URL",
                        default: "https://api.openai.com/v1",
                        settings
                    ),
                    setting: "OPENAI_BASE_URL",
                    key: try settings.secret("OPENAI_API_KEY")
                )
            )
        }
        for server in file.providers {
            servers.append(
                CompatibleServerConfiguration(
                    name: server.name,
                    url: server.baseURL,
                    setting: "base_url in PROVIDERS_FILE",
                    key: try key(of: server, settings),
                    models: server.models,
                    concurrency: server.concurrency,
                    queue: server.queue
                )
            )
        }
        return servers
    }

    private static func key(of server: ProvidersFile.Server, _ settings: Settings) throws -> String? {
        guard let name = server.keyVariable else { return nil }
        guard let key = try settings.secret(inVariable: name) else {
            throw InvalidSetting(
                "PROVIDERS_FILE uses \(name) as the key of \(server.name), but it is not set. "
                    + "Set it in the environment or in .env, or omit api_key_env."
            )
        }
        return key
    }
}
