import ServiceKit

/// The configuration of inference-svc, read once at startup.
///
/// | setting | type | default | range |
/// |---|---|---|---|
/// | `OLLAMA_BASE_URL` | URL | `http://127.0.0.1:11434` | one http or https URL |
/// | `OLLAMA_API_KEY` | secret | none | |
/// | `OLLAMA_NUM_CTX` | tokens | `8192` | 256 to 4194304 |
/// | `GEMINI_API_KEY` | secret | none | |
/// | `GEMINI_BASE_URL` | URL, without a version | `https://generativelanguage.googleapis.com` | one http or https URL |
/// | `GEMINI_API_VERSION` | version | `v1beta` | `v1`, `v1beta`, `v1alpha` |
/// | `OPENAI_API_KEY` | secret | none | |
/// | `OPENAI_BASE_URL` | URL, with its `/v1` | `https://api.openai.com/v1` | one http or https URL |
/// | `ANTHROPIC_API_KEY` | secret | none | |
/// | `ANTHROPIC_BASE_URL` | URL, without a version | `https://api.anthropic.com` | one http or https URL |
/// | `PROVIDERS_FILE` | path of a JSON file | none | see ``ProvidersFile`` |
/// | `DEFAULT_MODEL` | model | of the first configured provider, else `demo/demo` | a model's name or an alias |
/// | `HTTPS_PROXY`, `HTTP_PROXY` | secret | none | see ``ProxyRules`` |
/// | `NO_PROXY` | list | none | hosts and networks, see ``ProxyRules`` |
/// | `SSL_CERT_FILE` | path of a PEM file | the system's certificates | |
/// | `CONNECT_TIMEOUT` | duration | `5s` | above zero |
/// | `FIRST_TOKEN_TIMEOUT` | duration | `60s`, for Ollama `300s` | above zero |
/// | `TOKEN_GAP_TIMEOUT` | duration | `60s` | above zero |
/// | `RUN_TIMEOUT` | duration | `600s` | above zero |
/// | `PROVIDER_CONCURRENCY` | count, each provider | `64`, for Ollama `4` | 1 to 65536 |
/// | `PROVIDER_QUEUE` | count, each provider | `256` | 0 to 65536 |
/// | `PROVIDER_QUEUE_BYTES` | bytes, each provider | `268435456` | 0 to 2^40 |
/// | `QUEUE_TIMEOUT` | duration | `300s` | above zero |
/// | `QUEUE_FALLBACK_TIMEOUT` | duration | `5s` | above zero |
/// | `PROVIDER_EVENT_LIMIT` | bytes | `16777216` | 65536 to 67108864 |
struct InferenceConfiguration: Sendable {
    /// The servers in order of preference, without the built-in one.
    var servers: [ServerConfiguration]
    /// Prices and fallbacks of models.
    var file: ProvidersFile
    /// The model for requests without a model name.
    var defaultModel: String?
    var connectTimeout: Duration
    /// The timeouts of a generation; a server may have others.
    var limits: GenerationTimeouts
    /// Maximum number of concurrent generations of one provider; `nil` if it is not set.
    private var concurrency: Int?
    /// Maximum number of queued generations of one provider.
    var queueLimit: Int
    /// Maximum size of the queued requests of one provider together, in bytes.
    var queueBytes: Int

    /// Throws a `InvalidSetting` that names the invalid value and the permitted range.
    init(settings: Settings, registry: ProviderRegistry) throws {
        file = try ProvidersFile.read(settings, registry: registry)
        defaultModel = settings.string("DEFAULT_MODEL")
        if let defaultModel, !ModelName.isValid(defaultModel) {
            throw InvalidSetting(
                "DEFAULT_MODEL is `\(ModelName.printable(defaultModel))`, which is not a valid model name: \(ModelName.rule)."
            )
        }
        connectTimeout = try Self.duration("CONNECT_TIMEOUT", .seconds(5), settings)
        limits = try Self.timeouts(settings)
        let concurrency = try settings.integer("PROVIDER_CONCURRENCY", default: Self.concurrency, in: 1...65_536)
        self.concurrency = settings.string("PROVIDER_CONCURRENCY").map { _ in concurrency }
        queueLimit = try settings.integer("PROVIDER_QUEUE", default: 256, in: 0...65_536)
        queueBytes = try settings.integer("PROVIDER_QUEUE_BYTES", default: 256 << 20, in: 0...1 << 40)
        servers = try ServerConfiguration.all(settings: settings, file: file, registry: registry)
    }

    /// The timeouts of a generation; `firstToken` is the default for the first token.
    static func timeouts(_ settings: Settings, firstToken: Duration = .seconds(60)) throws -> GenerationTimeouts {
        GenerationTimeouts(
            firstToken: try duration("FIRST_TOKEN_TIMEOUT", firstToken, settings),
            gap: try duration("TOKEN_GAP_TIMEOUT", .seconds(60), settings),
            whole: try duration("RUN_TIMEOUT", .seconds(600), settings),
            queue: try duration("QUEUE_TIMEOUT", .seconds(300), settings),
            queueBeforeFallback: try duration("QUEUE_FALLBACK_TIMEOUT", .seconds(5), settings),
            eventBytes: try settings.integer(
                "PROVIDER_EVENT_LIMIT",
                default: GenerationTimeouts.defaultEventBytes,
                in: 65_536...67_108_864
            )
        )
    }

    /// The general number of concurrent generations of one provider.
    private static let concurrency = 64

    /// Maximum number of concurrent generations of a server; `nil` for the built-in provider.
    func concurrency(of server: ServerConfiguration?) -> Int {
        server?.concurrency ?? concurrency ?? server?.kind.concurrency ?? Self.concurrency
    }

    /// Returns the single URL of a setting.
    static func url(_ name: String, default value: String, _ settings: Settings) throws -> String {
        let urls = try settings.urls(name, default: value)
        guard urls.count == 1, let url = urls.first else {
            throw InvalidSetting("\(name) names \(urls.count) servers; it must be one URL.")
        }
        return url
    }

    /// Returns an API key, which must be usable in a request header: printable ASCII without spaces.
    ///
    /// Throws an `InvalidSetting` that does not contain the key.
    static func headerKey(_ key: String?, name: String) throws -> String? {
        guard let key else { return nil }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw InvalidSetting(
                "\(name) contains a space or another character that an API key cannot have. Set it to the key alone."
            )
        }
        return key
    }

    private static func duration(_ name: String, _ value: Duration, _ settings: Settings) throws -> Duration {
        let duration = try settings.duration(name, default: value)
        guard duration > .zero, duration <= .seconds(86_400) else {
            throw InvalidSetting("\(name) must be longer than 0 and at most a day, such as `\(value.seconds)s`.")
        }
        return duration
    }
}
