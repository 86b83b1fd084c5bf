import Contracts
import HTTP
package import ServiceKit

/// The service that runs models: providers, their catalogue, and routing.
package enum InferenceService {
    /// Builds the service; throws a `InvalidSetting` for an invalid setting.
    package static func unit(settings: Settings) async throws -> ServiceUnit {
        try await unit(settings: settings, demoPace: .milliseconds(15))
    }

    /// Returns the environment variables that `PROVIDERS_FILE` names as `api_key_env`.
    ///
    /// Throws an `InvalidSetting` if the file is invalid.
    package static func keyVariables(settings: Settings) throws -> [String] {
        try ProvidersFile.read(settings).providers.compactMap(\.keyVariable)
    }

    /// Builds the service with a different delay of the built-in model for each word, for tests.
    package static func unit(settings: Settings, demoPace: Duration) async throws -> ServiceUnit {
        let configuration = try InferenceConfiguration(settings: settings)
        let client = HTTPClient(configuration: HTTPClient.Configuration(connectTimeout: configuration.connectTimeout))
        let ollama = try OllamaProvider(
            url: configuration.ollamaURL,
            isConfigured: configuration.isOllamaConfigured,
            windowLimit: configuration.ollamaWindowLimit,
            client: client
        )
        var runtimes = [runtime(ollama, configuration.ollamaLimits, configuration)]
        if let server = configuration.gemini {
            let gemini = try GeminiProvider(
                url: server.url,
                key: server.key,
                version: server.version,
                client: client
            )
            runtimes.append(runtime(gemini, configuration.limits, configuration))
        }
        for server in configuration.compatibleServers {
            let provider = try OpenAIProvider(
                name: server.name,
                url: server.url,
                setting: server.setting,
                credential: server.key,
                models: server.models,
                client: client
            )
            runtimes.append(runtime(provider, configuration.limits, configuration, server.concurrency, server.queue))
        }
        runtimes.append(runtime(DemoProvider(pace: demoPace), configuration.limits, configuration))
        let prices = PriceList(configuration.file.prices)
        let catalogue = Catalogue(
            providers: runtimes.map(\.provider),
            defaultModel: configuration.defaultModel,
            prices: prices
        )
        let routing = Routing(
            catalogue: catalogue,
            runtimes: runtimes,
            fallbacks: configuration.file.fallbacks,
            prices: prices
        )
        let jobs = ModelJobs()
        let handlers = ModelHandlers(catalogue: catalogue, modelAPI: ollama.modelAPI, jobs: jobs)
        return .bus(
            table: InferenceEndpoints.table(catalogue: catalogue, routing: routing, handlers: handlers),
            host: settings.string("SERVICE_HOST") ?? "127.0.0.1",
            port: try settings.integer("INFERENCE_PORT", default: 8002, in: 0...65_535),
            token: try settings.busToken(),
            background: [catalogue],
            drainedFirst: [jobs]
        )
    }

    private static func runtime(
        _ provider: any Provider,
        _ limits: GenerationTimeouts,
        _ configuration: InferenceConfiguration,
        _ concurrency: Int? = nil,
        _ queue: Int? = nil
    ) -> ProviderRuntime {
        ProviderRuntime(
            provider: provider,
            limits: limits,
            concurrency: concurrency ?? configuration.concurrency,
            queueLimit: queue ?? configuration.queueLimit
        )
    }
}
