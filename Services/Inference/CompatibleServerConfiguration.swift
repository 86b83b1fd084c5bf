import ServiceKit

/// A server that speaks OpenAI's API, as it was set up.
struct CompatibleServerConfiguration: Sendable {
    /// The first part of its models' names.
    var name: String
    /// With its `/v1`.
    var url: String
    /// What says where it is, for messages.
    var setting: String
    /// Its key, if it needs one.
    var key: String?
    /// What it offers; absent when its own list counts.
    var models: [ProvidersFile.ListedModel]?
    /// How many generations run there at once, and how many wait; absent for the general limits.
    var concurrency: Int?
    var queue: Int?

    /// OpenAI, when it has a key or an address, and all of the file's.
    ///
    /// Throws a `InvalidSetting` for a key that is named and not there.
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
                "PROVIDERS_FILE says that \(name) holds the key of \(server.name), but it is not set. "
                    + "Set it in the environment or in .env, or leave api_key_env out."
            )
        }
        return key
    }
}
